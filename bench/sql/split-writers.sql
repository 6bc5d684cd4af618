-- What writers write: a counter to raise, and a row for each transaction, by which it is found again.
SET ROLE svc_owner;
CREATE TABLE item (key bigint PRIMARY KEY, v bigint NOT NULL DEFAULT 0);
CREATE TABLE entry (
  writer bigint NOT NULL, n bigint NOT NULL, key bigint NOT NULL, v bigint NOT NULL, id bigserial NOT NULL UNIQUE, PRIMARY KEY (writer, n));
INSERT INTO item SELECT generate_series(1, 10000)
