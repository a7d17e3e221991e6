-- The end of each trail as far as it is archived, sealed with the operator's key: so it shows when the newest entries are taken out.
CREATE TABLE IF NOT EXISTS audit_heads (
  trail text   NOT NULL PRIMARY KEY,
  seq   bigint NOT NULL,
  mac   text   NOT NULL,
  seal  text   NOT NULL
);
