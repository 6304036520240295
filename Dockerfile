# One file for all: docker build --build-arg SERVICE=action-logger . An image holds one service and nothing of the others.
ARG PYTHON_IMAGE=python:3.12-slim
FROM ${PYTHON_IMAGE} AS packages
ENV PATH=/venv/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python3 -m venv /venv
COPY requirements/services.txt requirements/
RUN /venv/bin/pip install --require-hashes -r requirements/services.txt

FROM packages AS build
COPY contracts contracts
COPY shared shared
RUN /venv/bin/pip install --no-deps --no-build-isolation ./contracts ./shared

FROM build AS service-build
ARG SERVICE
COPY services/${SERVICE} service
RUN /venv/bin/pip install --no-deps --no-build-isolation ./service && /venv/bin/pip uninstall -y -q uv_build

FROM ${PYTHON_IMAGE} AS service
ARG SERVICE
COPY --from=service-build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 LEARNWIRE_HTTP_HOST=0.0.0.0 LEARNWIRE_HTTP_PORT=8080
# The console script's name is the service's.
RUN ln -s "/venv/bin/${SERVICE}" /usr/local/bin/service
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 CMD ["python3", "-m", "shared.probe"]
ENTRYPOINT ["service"]

FROM packages AS demo-build
COPY requirements/demo.txt requirements/
RUN /venv/bin/pip install --require-hashes -r requirements/demo.txt
COPY ops/salesforce ops/salesforce
# In the checkout the stand-in's schema is a link to the SFDX project; a wheel takes files only.
RUN cd ops/salesforce/standin/src/salesforce_standin && rm -f force-app && cp -r /src/ops/salesforce/force-app force-app \
    && /venv/bin/pip install --no-deps --no-build-isolation /src/ops/salesforce/standin

# What the demo profile runs beside the services: the Salesforce stand-in and the SMTP catcher.
FROM ${PYTHON_IMAGE} AS demo
COPY --from=demo-build /venv /venv
COPY --from=demo-build /src/ops/salesforce /ops/salesforce
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
USER 10001:10001
