-- For pages of the history of an account's addresses: all versions of one after the other, those of addresses that were taken away included.
CREATE INDEX addresses_history ON addresses (account_id, id, version);
