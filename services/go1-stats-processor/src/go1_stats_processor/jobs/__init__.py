"""Clock and operators in: what is done besides consuming and answering."""
