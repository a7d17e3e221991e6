-- The record that outlives Redis. What is in json and not in jsonb must come back byte for byte: jsonb orders keys anew and refuses \u0000.
-- A file that is cut off after its transaction and before it is noted is run again: so everything here may be run twice.

-- A conversation that is spoken to again after its end, under the same id, is another generation of it.
CREATE TABLE IF NOT EXISTS conversations (
  conversation_id text        NOT NULL,
  generation      bigint      NOT NULL,
  tenant_id       text        NOT NULL,
  current_agent   text        NOT NULL,
  status          text        NOT NULL,
  turn_count      bigint      NOT NULL DEFAULT 0,
  message_count   bigint      NOT NULL DEFAULT 0,
  token_count     bigint      NOT NULL DEFAULT 0,
  archived_seq    bigint      NOT NULL DEFAULT 0,
  version         bigint      NOT NULL DEFAULT 0,
  context         json,
  extra           json,
  started_at      timestamptz NOT NULL,
  last_activity   timestamptz NOT NULL,
  PRIMARY KEY (conversation_id, generation)
);

CREATE INDEX IF NOT EXISTS conversations_by_tenant ON conversations (tenant_id, last_activity);

CREATE TABLE IF NOT EXISTS messages (
  conversation_id text        NOT NULL,
  generation      bigint      NOT NULL,
  seq             bigint      NOT NULL,
  role            text        NOT NULL,
  content         json        NOT NULL,
  tokens          bigint      NOT NULL DEFAULT 0,
  agent           text,
  message_id      text,
  extra           json,
  at              timestamptz NOT NULL,
  PRIMARY KEY (conversation_id, generation, seq)
);

-- A trail is a conversation's, conv:<id>, or a tenant's, tenant:<id>. Its entries are numbered from 1 and chained by mac. An entry that
-- bears a number which is there already, with another time, is kept beside it: it shows that the chain was broken.
CREATE TABLE IF NOT EXISTS audit_entries (
  trail           text        NOT NULL,
  seq             bigint      NOT NULL,
  at              timestamptz NOT NULL,
  entry_id        text        NOT NULL,
  tenant_id       text        NOT NULL,
  conversation_id text        NOT NULL,
  agent           text        NOT NULL,
  action          text        NOT NULL,
  details         json        NOT NULL,
  prev            text        NOT NULL,
  mac             text        NOT NULL,
  PRIMARY KEY (trail, seq, at)
) PARTITION BY RANGE (at);

-- For what has a time that no month was made for.
CREATE TABLE IF NOT EXISTS audit_entries_other PARTITION OF audit_entries DEFAULT;

CREATE TABLE IF NOT EXISTS leaderboard_days (
  day          date             NOT NULL,
  tenant_id    text             NOT NULL,
  agent        text             NOT NULL,
  resolutions  bigint           NOT NULL DEFAULT 0,
  failures     bigint           NOT NULL DEFAULT 0,
  total_time   double precision NOT NULL DEFAULT 0,
  PRIMARY KEY (day, tenant_id, agent)
);
