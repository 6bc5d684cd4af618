-- A database as the operator makes it: whoever serves has rights to rows, and owns nothing.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA svc AUTHORIZATION svc_owner;
GRANT USAGE ON SCHEMA svc TO svc_app, svc_migrate;
ALTER DEFAULT PRIVILEGES FOR ROLE svc_owner IN SCHEMA svc GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO svc_app;
ALTER DEFAULT PRIVILEGES FOR ROLE svc_owner IN SCHEMA svc GRANT USAGE, SELECT ON SEQUENCES TO svc_app;
