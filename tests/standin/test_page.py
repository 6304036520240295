"""The operator's page: tables without scripts, nothing of a row taken for HTML."""

from tests.standin.running import Api


def test_the_page_counts_rows_calls_and_faults(salesforce: Api):
    salesforce.upsert("LearnUpon_Portal__c", "Portal_Key__c", {"Portal_Key__c": "acme"})
    salesforce.plant("lock_rows", share=0.2, times=None)
    page = salesforce.get("/")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    for text in (
        "LearnUpon Portals",
        "collections.upsert",
        "lock_rows",
        "until taken away",
        "<td>LearnUpon_Portal__c</td>",
    ):
        assert text in page.text
    assert "<script" not in page.text


def test_a_table_shows_names_instead_of_ids_and_strikes_deleted_rows_through(salesforce: Api):
    contact = salesforce.contact("<b>O'Brien</b>")
    records = ({"Enrollment_Key__c": f"a:{number}", "Contact__c": contact, "Score__c": 80} for number in range(2))
    first, _ = salesforce.upsert("LearnUponContactEnrollment__c", "Enrollment_Key__c", *records)
    salesforce.api("DELETE", "composite/sobjects", params={"ids": first["id"]})
    page = salesforce.get("/tables/LearnUponContactEnrollment__c").text
    assert ("&lt;b&gt;O&#39;Brien&lt;/b&gt;" in page, "<b>" in page, "<td>80</td>" in page) == (True, False, True)
    assert page.count('<tr class="binned">') == 1


def test_a_long_table_has_pages(salesforce: Api):
    records = ({"Enrollment_Key__c": f"a:{number}"} for number in range(150))
    salesforce.upsert("LearnUponEnrollment__c", "Enrollment_Key__c", *records)
    first = salesforce.get("/tables/LearnUponEnrollment__c").text
    last = salesforce.get("/tables/LearnUponEnrollment__c?from=100").text
    assert ("rows 1 to 100 of 150" in first, 'href="?from=100"' in first) == (True, True)
    assert ("rows 101 to 150 of 150" in last, 'href="?from=0"' in last) == (True, True)
    assert [salesforce.get(f"/tables/{path}").status_code for path in ("Nothing__c", "User?from=many")] == [404, 200]
