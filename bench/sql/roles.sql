-- Roles as the operator makes them for a service: an owner of tables that can't log in, who migrates, who serves.
CREATE ROLE svc_owner NOLOGIN;
CREATE ROLE svc_app NOLOGIN;
CREATE ROLE svc_migrate NOLOGIN IN ROLE svc_owner;
CREATE ROLE svc_app_a LOGIN PASSWORD 'of-the-benchmark' IN ROLE svc_app;
CREATE ROLE svc_migrate_a LOGIN PASSWORD 'of-the-benchmark' IN ROLE svc_migrate;
ALTER ROLE svc_migrate_a SET role = 'svc_owner';
ALTER ROLE svc_app_a SET search_path = svc;
ALTER ROLE svc_migrate_a SET search_path = svc;
