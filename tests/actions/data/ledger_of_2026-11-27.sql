BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0003');
CREATE TABLE audience (
	number INTEGER NOT NULL, 
	platform VARCHAR(20) NOT NULL, 
	account_id VARCHAR(40) NOT NULL, 
	entity_id VARCHAR(60) NOT NULL, 
	segment_id VARCHAR(120) NOT NULL, 
	purpose VARCHAR(10) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	audience_id VARCHAR(40), 
	digest VARCHAR(64), 
	people INTEGER NOT NULL, 
	identifiers INTEGER NOT NULL, 
	filled_at VARCHAR(27), 
	PRIMARY KEY (number), 
	UNIQUE (platform, account_id, entity_id)
);
CREATE TABLE audience_member (
	audience INTEGER NOT NULL, 
	kind VARCHAR(5) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	person VARCHAR(200) NOT NULL, 
	state VARCHAR(8) NOT NULL, 
	added_by VARCHAR(64) NOT NULL, 
	request_id VARCHAR(120), 
	PRIMARY KEY (audience, kind, sha256), 
	FOREIGN KEY(audience) REFERENCES audience (number)
);
CREATE TABLE audience_plan (
	digest VARCHAR(64) NOT NULL, 
	kind VARCHAR(5) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	person VARCHAR(200) NOT NULL, 
	PRIMARY KEY (digest, kind, sha256)
);
CREATE TABLE "audit" (seq integer primary key, at varchar(27) not null, actor varchar(120) not null, event varchar(60) not null, proposal_id varchar(128), detail text not null, previous varchar(64) not null, hash varchar(64) not null);
INSERT INTO "audit" VALUES(1,'2026-11-23T12:00:02.000000Z','rule:test','proposed','20261122.set_daily_budget.meta.1.e212a985','{"digest":"01c1fe1901b79aa9abe4a60044579fdfb989dae24dec32eb319f349963d2ba4b"}','0000000000000000000000000000000000000000000000000000000000000000','96ea3ef27fc48ab217a2fbe741b3be6f52aab65facf279ebba6c861e045ae90b');
INSERT INTO "audit" VALUES(2,'2026-11-23T12:00:04.000000Z','rule:test','proposed','20261122.set_daily_budget.meta.2.f4f2d86b','{"digest":"5ca4106ba8b865197397de3c8074c0be4bec72a1a29678082411abafcf3ad423"}','96ea3ef27fc48ab217a2fbe741b3be6f52aab65facf279ebba6c861e045ae90b','6f239e99b0dae4f62d375d8d54d345051a1ec730b7346ea071833d5c13f94ea5');
INSERT INTO "audit" VALUES(3,'2026-11-23T12:00:06.000000Z','rule:test','proposed','20261122.set_daily_budget.meta.3.62ad7479','{"digest":"c4a67d86f1d59bd14c9cfa5d6348436097316182990a8c2943343504d4b61d9d"}','6f239e99b0dae4f62d375d8d54d345051a1ec730b7346ea071833d5c13f94ea5','77256011ba4cc21e16ade9b132d7cd17ba33c0d8a2c48747d75aeef45b189739');
INSERT INTO "audit" VALUES(4,'2026-11-23T12:00:08.000000Z','rule:test','proposed','20261122.set_daily_budget.meta.4.5bc3e937','{"digest":"4630f41eafdb116cb3b86fcb8cd7cdc90bea2917629d7ca84130baf853b363b8"}','77256011ba4cc21e16ade9b132d7cd17ba33c0d8a2c48747d75aeef45b189739','93b2d92938bdfcb97ffbe3ab5c7346c6058d7e4c6c4ab0e246ac7afa570ddd9a');
INSERT INTO "audit" VALUES(5,'2026-11-23T12:00:10.000000Z','rule:test','proposed','20261122.set_daily_budget.meta.5.40796b09','{"digest":"1fef63151f5ad82a01f6e86dbafde90a43e3eadcef787a4bfaf33ef4eda00cb8"}','93b2d92938bdfcb97ffbe3ab5c7346c6058d7e4c6c4ab0e246ac7afa570ddd9a','21d900fa663e47155c3d1b5d79365c6773cb938913a3f5fc30e34a953626def0');
INSERT INTO "audit" VALUES(6,'2026-11-23T12:00:12.000000Z','rule:test','proposed','20261122.set_daily_budget.meta.6.f39e8e14','{"digest":"88b76253fef39bd507f3b7b97a2a1c8dd9f059d909c9f3d7a72ed73a5ee307a1"}','21d900fa663e47155c3d1b5d79365c6773cb938913a3f5fc30e34a953626def0','c2be79781bce010e9c9efe23115638bf01e7f491c5eb2605682f378f3b1f41ac');
INSERT INTO "audit" VALUES(7,'2026-11-23T12:00:16.000000Z','alice','approve','20261122.set_daily_budget.meta.1.e212a985','{"digest":"01c1fe1901b79aa9abe4a60044579fdfb989dae24dec32eb319f349963d2ba4b","proof":"totp","reason":"checked","run":"run 1"}','c2be79781bce010e9c9efe23115638bf01e7f491c5eb2605682f378f3b1f41ac','8a80c1a6944567d7bc7072ea6759d36c94243a394c692402533b551e9aec1a3c');
INSERT INTO "audit" VALUES(8,'2026-11-23T12:00:18.000000Z','alice','approved','20261122.set_daily_budget.meta.1.e212a985','{"why":"approved by 1 of 1"}','8a80c1a6944567d7bc7072ea6759d36c94243a394c692402533b551e9aec1a3c','0b351553fc6f2f09470005015de14e67c4fc93d0e4ed57a0042e9dacbc5f9fa7');
INSERT INTO "audit" VALUES(9,'2026-11-23T12:00:20.000000Z','run 1','executing','20261122.set_daily_budget.meta.1.e212a985','{"why":"preflight passed"}','0b351553fc6f2f09470005015de14e67c4fc93d0e4ed57a0042e9dacbc5f9fa7','1fab857d9a4b517065b4d2ada089c15d87d522a3c6705d5441e042a7600ccb5d');
INSERT INTO "audit" VALUES(10,'2026-11-23T12:00:22.000000Z','run 1','write intended','20261122.set_daily_budget.meta.1.e212a985','{"direction":"forward","part":0}','1fab857d9a4b517065b4d2ada089c15d87d522a3c6705d5441e042a7600ccb5d','f7c9ecc34d9e24fd4587a685be17f4240e00ebc5ffbce57b71a90a430cf10a58');
INSERT INTO "audit" VALUES(11,'2026-11-23T12:00:24.000000Z','platform','write accepted','20261122.set_daily_budget.meta.1.e212a985','{"direction":"forward","part":0,"request":"req-1","said":null}','f7c9ecc34d9e24fd4587a685be17f4240e00ebc5ffbce57b71a90a430cf10a58','62c6985a6e7757537f1f807a28b21cdc5c64917491db7f7483ec3b14ae484f11');
INSERT INTO "audit" VALUES(12,'2026-11-23T12:00:26.000000Z','platform','write verified','20261122.set_daily_budget.meta.1.e212a985','{"direction":"forward","part":0,"request":null,"said":null}','62c6985a6e7757537f1f807a28b21cdc5c64917491db7f7483ec3b14ae484f11','083f1c581407614904b2651df2c9a5400effd273047993e8d18110f28811d23e');
INSERT INTO "audit" VALUES(13,'2026-11-23T12:00:28.000000Z','run 1','verified','20261122.set_daily_budget.meta.1.e212a985','{"why":"read back: it is as approved"}','083f1c581407614904b2651df2c9a5400effd273047993e8d18110f28811d23e','6beb1680b50831f94da06979b9a1aece2cff05fc551beb4c1e0f39165aa0ae0c');
INSERT INTO "audit" VALUES(14,'2026-11-23T12:00:32.000000Z','bob','reject','20261122.set_daily_budget.meta.2.f4f2d86b','{"digest":"5ca4106ba8b865197397de3c8074c0be4bec72a1a29678082411abafcf3ad423","proof":"totp","reason":"checked","run":"run 1"}','6beb1680b50831f94da06979b9a1aece2cff05fc551beb4c1e0f39165aa0ae0c','73e81a4ef9d74ab41bf608323595e148c5e42cc96f858b833e3ee451ce2c3530');
INSERT INTO "audit" VALUES(15,'2026-11-23T12:00:34.000000Z','bob','rejected','20261122.set_daily_budget.meta.2.f4f2d86b','{"why":"checked"}','73e81a4ef9d74ab41bf608323595e148c5e42cc96f858b833e3ee451ce2c3530','c71555cc4342749fd1157d24751ea2ed07de80fc85f840da0c915f198cdab9b4');
INSERT INTO "audit" VALUES(16,'2026-11-23T12:00:38.000000Z','alice','approve','20261122.set_daily_budget.meta.3.62ad7479','{"digest":"c4a67d86f1d59bd14c9cfa5d6348436097316182990a8c2943343504d4b61d9d","proof":"totp","reason":"checked","run":"run 1"}','c71555cc4342749fd1157d24751ea2ed07de80fc85f840da0c915f198cdab9b4','b87a8a44e503037ed4fe408de80647403ab926a80cfe5da1ea97d04fcb82e84a');
INSERT INTO "audit" VALUES(17,'2026-11-23T12:00:40.000000Z','alice','approved','20261122.set_daily_budget.meta.3.62ad7479','{"why":"approved by 1 of 1"}','b87a8a44e503037ed4fe408de80647403ab926a80cfe5da1ea97d04fcb82e84a','8f52bf6230170c50fdbf3a86438185f34ef1895782191db96cef3f4b44905eef');
INSERT INTO "audit" VALUES(18,'2026-11-23T12:00:44.000000Z','alice','approve','20261122.set_daily_budget.meta.4.5bc3e937','{"digest":"4630f41eafdb116cb3b86fcb8cd7cdc90bea2917629d7ca84130baf853b363b8","proof":"totp","reason":"checked","run":"run 1"}','8f52bf6230170c50fdbf3a86438185f34ef1895782191db96cef3f4b44905eef','a71d1955a4eac8c929d5ba0e7fec9cc7abc7cb8aec0cfe5e248e0f3bf2e05892');
INSERT INTO "audit" VALUES(19,'2026-11-23T12:00:46.000000Z','alice','approved','20261122.set_daily_budget.meta.4.5bc3e937','{"why":"approved by 1 of 1"}','a71d1955a4eac8c929d5ba0e7fec9cc7abc7cb8aec0cfe5e248e0f3bf2e05892','4dc92c60ac0c7469081e34fbd883f33fef19e5a7220c1845868a05035a5cadf7');
INSERT INTO "audit" VALUES(20,'2026-11-23T12:00:48.000000Z','run 2','executing','20261122.set_daily_budget.meta.4.5bc3e937','{"why":"preflight passed"}','4dc92c60ac0c7469081e34fbd883f33fef19e5a7220c1845868a05035a5cadf7','11801b7894f8444adf0f94ee680fd558b1d09916aaf553484ceda13e6f6122d5');
INSERT INTO "audit" VALUES(21,'2026-11-23T12:00:50.000000Z','run 2','write intended','20261122.set_daily_budget.meta.4.5bc3e937','{"direction":"forward","part":0}','11801b7894f8444adf0f94ee680fd558b1d09916aaf553484ceda13e6f6122d5','daab6e106573b63ba4ef39d5204361a6c769d4a1249ce1f3084383c255876257');
INSERT INTO "audit" VALUES(22,'2026-11-23T12:00:52.000000Z','platform','write unknown','20261122.set_daily_budget.meta.4.5bc3e937','{"direction":"forward","part":0,"request":null,"said":"no answer"}','daab6e106573b63ba4ef39d5204361a6c769d4a1249ce1f3084383c255876257','de74b404280d8c2f8f6cc11514eb1e690ab90a4bd3cbfae3d110001b99d9ab3b');
INSERT INTO "audit" VALUES(23,'2026-11-23T12:00:54.000000Z','run 2','unknown','20261122.set_daily_budget.meta.4.5bc3e937','{"why":"no answer yet"}','de74b404280d8c2f8f6cc11514eb1e690ab90a4bd3cbfae3d110001b99d9ab3b','e853c76af5f936d66a51de41eb056b97987eb82b01b6c0afb2ed5c9979356947');
INSERT INTO "audit" VALUES(24,'2026-11-23T12:00:58.000000Z','alice','approve','20261122.set_daily_budget.meta.5.40796b09','{"digest":"1fef63151f5ad82a01f6e86dbafde90a43e3eadcef787a4bfaf33ef4eda00cb8","proof":"totp","reason":"checked","run":"run 1"}','e853c76af5f936d66a51de41eb056b97987eb82b01b6c0afb2ed5c9979356947','1807f14ce74679b417f807550f166ddf10493787a79d59cf78ad77432662dbe1');
INSERT INTO "audit" VALUES(25,'2026-11-23T12:01:00.000000Z','proposals','batched',NULL,'{"batch":"batch.20261123.old","digest":"0a3b433f99b46479b378ae6d830ccee146e97ea3e6ed9ec4a8dc7eec8655408c"}','1807f14ce74679b417f807550f166ddf10493787a79d59cf78ad77432662dbe1','4dc5d6b9a701ccf1b3c3ff4212005f25ba3f2183aafb8d2b3f1c8c76c3de54c5');
INSERT INTO "audit" VALUES(26,'2026-11-23T12:01:02.000000Z','bob','kill switch on',NULL,'{"reason":"fire drill"}','4dc5d6b9a701ccf1b3c3ff4212005f25ba3f2183aafb8d2b3f1c8c76c3de54c5','523545e6e62b15dab9e3497a8b2c2a6219e7346ab03b4a916c2e1a44ee0c703d');
INSERT INTO "audit" VALUES(27,'2026-11-23T12:01:04.000000Z','alice','kill switch off',NULL,'{"reason":"over"}','523545e6e62b15dab9e3497a8b2c2a6219e7346ab03b4a916c2e1a44ee0c703d','0f6ca4c2e386dc294ee2e0ca13992fa606a3ac91794840e789a87659bed7e18c');
INSERT INTO "audit" VALUES(28,'2026-11-23T12:01:06.000000Z','bob','wrong code',NULL,'{}','0f6ca4c2e386dc294ee2e0ca13992fa606a3ac91794840e789a87659bed7e18c','0a74f7bf362b53489f3baf23a72bd2cc59206eea040595f8a2080149f2a56f37');
CREATE TABLE "audit_head" (id integer primary key, seq integer not null, hash varchar(64) not null);
INSERT INTO "audit_head" VALUES(1,28,'0a74f7bf362b53489f3baf23a72bd2cc59206eea040595f8a2080149f2a56f37');
CREATE TABLE "batch" (batch_id varchar(128) primary key, digest varchar(64) not null, members text not null, created_at varchar(27) not null, registered_at varchar(27), retired_at varchar(27));
INSERT INTO "batch" VALUES('batch.20261123.old','0a3b433f99b46479b378ae6d830ccee146e97ea3e6ed9ec4a8dc7eec8655408c','["20261122.set_daily_budget.meta.5.40796b09","20261122.set_daily_budget.meta.6.f39e8e14"]','2026-11-23T12:00:59.000000Z',NULL,NULL);
CREATE TABLE "decision" (proposal_id varchar(128) not null references proposal, approver varchar(80) not null, digest varchar(64) not null, verdict varchar(10) not null, reason text not null, proof varchar(20) not null, run_id varchar(80) not null, decided_at varchar(27) not null, primary key (proposal_id, approver));
INSERT INTO "decision" VALUES('20261122.set_daily_budget.meta.1.e212a985','alice','01c1fe1901b79aa9abe4a60044579fdfb989dae24dec32eb319f349963d2ba4b','approve','checked','totp','run 1','2026-11-23T12:00:15.000000Z');
INSERT INTO "decision" VALUES('20261122.set_daily_budget.meta.2.f4f2d86b','bob','5ca4106ba8b865197397de3c8074c0be4bec72a1a29678082411abafcf3ad423','reject','checked','totp','run 1','2026-11-23T12:00:31.000000Z');
INSERT INTO "decision" VALUES('20261122.set_daily_budget.meta.3.62ad7479','alice','c4a67d86f1d59bd14c9cfa5d6348436097316182990a8c2943343504d4b61d9d','approve','checked','totp','run 1','2026-11-23T12:00:37.000000Z');
INSERT INTO "decision" VALUES('20261122.set_daily_budget.meta.4.5bc3e937','alice','4630f41eafdb116cb3b86fcb8cd7cdc90bea2917629d7ca84130baf853b363b8','approve','checked','totp','run 1','2026-11-23T12:00:43.000000Z');
INSERT INTO "decision" VALUES('20261122.set_daily_budget.meta.5.40796b09','alice','1fef63151f5ad82a01f6e86dbafde90a43e3eadcef787a4bfaf33ef4eda00cb8','approve','checked','totp','run 1','2026-11-23T12:00:57.000000Z');
CREATE TABLE "launch" (run_id varchar(80) primary key, person varchar(80) not null, at varchar(27) not null);
INSERT INTO "launch" VALUES('run 1','alice','2026-11-23T12:01:07.000000Z');
CREATE TABLE "notice" (notice_id varchar(240) primary key, kind varchar(20) not null, priority integer not null, body text not null, said_at varchar(27) not null, routed_at varchar(27));
CREATE TABLE "notice_delivery" (notice_id varchar(240) not null references notice, channel varchar(80) not null, state varchar(12) not null, due_at varchar(27) not null, claimed_until varchar(27), attempts integer not null, ended_at varchar(27), said text, primary key (notice_id, channel));
CREATE TABLE "notice_topic" (topic varchar(240) primary key, ref varchar(80) not null, kind varchar(20) not null, priority integer not null, body text not null, opened_on varchar(10) not null, seen_on varchar(10) not null, ended_on varchar(10));
CREATE TABLE "proposal" (proposal_id varchar(128) primary key, digest varchar(64) not null, body text not null, kind varchar(40) not null, as_of varchar(10) not null, level varchar(12) not null, state varchar(12) not null, why text, created_at varchar(27) not null, expires_at varchar(27) not null, changed_at varchar(27) not null, registered_at varchar(27), announced_at varchar(27), reminded integer not null, retired_at varchar(27));
INSERT INTO "proposal" VALUES('20261122.set_daily_budget.meta.1.e212a985','01c1fe1901b79aa9abe4a60044579fdfb989dae24dec32eb319f349963d2ba4b','{"as_of":"2026-11-22","changes":[{"after":"80.00","before":"100.00","field":"daily_budget","image":{"budget_id":null,"budget_owner":"ad_set","campaign_id":"c1","campaign_name":"A campaign","currency":"EUR","daily_budget":"100.00","learning_state":null,"name":"A set","native_status":"ACTIVE","shared_by":1,"status":"active","version":null},"target":{"account_id":"a1","entity_id":"1","level":"ad_set","platform":"meta_ads"}}],"created_at":"2026-11-23T12:00:01Z","effect":{"high":null,"low":null,"metric":"none","middle":null,"words":"none"},"evidence":{"expected_conversions":99,"spend_a_day":20.0},"expires_at":"2026-11-24T12:00:01Z","kind":"set_daily_budget","level":"propose","proposal_id":"20261122.set_daily_budget.meta.1.e212a985","proposer":"rule:test","reason":"because","reverts":null,"verdicts":[]}','set_daily_budget','2026-11-22','propose','verified','read back: it is as approved','2026-11-23T12:00:01.000000Z','2026-11-24T12:00:01.000000Z','2026-11-23T12:00:27.000000Z',NULL,NULL,0,NULL);
INSERT INTO "proposal" VALUES('20261122.set_daily_budget.meta.2.f4f2d86b','5ca4106ba8b865197397de3c8074c0be4bec72a1a29678082411abafcf3ad423','{"as_of":"2026-11-22","changes":[{"after":"80.00","before":"100.00","field":"daily_budget","image":{"budget_id":null,"budget_owner":"ad_set","campaign_id":"c1","campaign_name":"A campaign","currency":"EUR","daily_budget":"100.00","learning_state":null,"name":"A set","native_status":"ACTIVE","shared_by":1,"status":"active","version":null},"target":{"account_id":"a1","entity_id":"2","level":"ad_set","platform":"meta_ads"}}],"created_at":"2026-11-23T12:00:02Z","effect":{"high":null,"low":null,"metric":"none","middle":null,"words":"none"},"evidence":{"expected_conversions":99,"spend_a_day":20.0},"expires_at":"2026-11-24T12:00:02Z","kind":"set_daily_budget","level":"propose","proposal_id":"20261122.set_daily_budget.meta.2.f4f2d86b","proposer":"rule:test","reason":"because","reverts":null,"verdicts":[]}','set_daily_budget','2026-11-22','propose','rejected','checked','2026-11-23T12:00:02.000000Z','2026-11-24T12:00:02.000000Z','2026-11-23T12:00:33.000000Z',NULL,NULL,0,NULL);
INSERT INTO "proposal" VALUES('20261122.set_daily_budget.meta.3.62ad7479','c4a67d86f1d59bd14c9cfa5d6348436097316182990a8c2943343504d4b61d9d','{"as_of":"2026-11-22","changes":[{"after":"80.00","before":"100.00","field":"daily_budget","image":{"budget_id":null,"budget_owner":"ad_set","campaign_id":"c1","campaign_name":"A campaign","currency":"EUR","daily_budget":"100.00","learning_state":null,"name":"A set","native_status":"ACTIVE","shared_by":1,"status":"active","version":null},"target":{"account_id":"a1","entity_id":"3","level":"ad_set","platform":"meta_ads"}}],"created_at":"2026-11-23T12:00:03Z","effect":{"high":null,"low":null,"metric":"none","middle":null,"words":"none"},"evidence":{"expected_conversions":99,"spend_a_day":20.0},"expires_at":"2026-11-24T12:00:03Z","kind":"set_daily_budget","level":"propose","proposal_id":"20261122.set_daily_budget.meta.3.62ad7479","proposer":"rule:test","reason":"because","reverts":null,"verdicts":[]}','set_daily_budget','2026-11-22','propose','approved','approved by 1 of 1','2026-11-23T12:00:03.000000Z','2026-11-24T12:00:03.000000Z','2026-11-23T12:00:39.000000Z',NULL,NULL,0,NULL);
INSERT INTO "proposal" VALUES('20261122.set_daily_budget.meta.4.5bc3e937','4630f41eafdb116cb3b86fcb8cd7cdc90bea2917629d7ca84130baf853b363b8','{"as_of":"2026-11-22","changes":[{"after":"80.00","before":"100.00","field":"daily_budget","image":{"budget_id":null,"budget_owner":"ad_set","campaign_id":"c1","campaign_name":"A campaign","currency":"EUR","daily_budget":"100.00","learning_state":null,"name":"A set","native_status":"ACTIVE","shared_by":1,"status":"active","version":null},"target":{"account_id":"a1","entity_id":"4","level":"ad_set","platform":"meta_ads"}}],"created_at":"2026-11-23T12:00:04Z","effect":{"high":null,"low":null,"metric":"none","middle":null,"words":"none"},"evidence":{"expected_conversions":99,"spend_a_day":20.0},"expires_at":"2026-11-24T12:00:04Z","kind":"set_daily_budget","level":"propose","proposal_id":"20261122.set_daily_budget.meta.4.5bc3e937","proposer":"rule:test","reason":"because","reverts":null,"verdicts":[]}','set_daily_budget','2026-11-22','propose','unknown','no answer yet','2026-11-23T12:00:04.000000Z','2026-11-24T12:00:04.000000Z','2026-11-23T12:00:53.000000Z',NULL,NULL,0,NULL);
INSERT INTO "proposal" VALUES('20261122.set_daily_budget.meta.5.40796b09','1fef63151f5ad82a01f6e86dbafde90a43e3eadcef787a4bfaf33ef4eda00cb8','{"as_of":"2026-11-22","changes":[{"after":"80.00","before":"100.00","field":"daily_budget","image":{"budget_id":null,"budget_owner":"ad_set","campaign_id":"c1","campaign_name":"A campaign","currency":"EUR","daily_budget":"100.00","learning_state":null,"name":"A set","native_status":"ACTIVE","shared_by":1,"status":"active","version":null},"target":{"account_id":"a1","entity_id":"5","level":"ad_set","platform":"meta_ads"}}],"created_at":"2026-11-23T12:00:05Z","effect":{"high":null,"low":null,"metric":"none","middle":null,"words":"none"},"evidence":{"expected_conversions":99,"spend_a_day":20.0},"expires_at":"2026-11-24T12:00:05Z","kind":"set_daily_budget","level":"propose","proposal_id":"20261122.set_daily_budget.meta.5.40796b09","proposer":"rule:test","reason":"because","reverts":null,"verdicts":[]}','set_daily_budget','2026-11-22','propose','proposed',NULL,'2026-11-23T12:00:05.000000Z','2026-11-24T12:00:05.000000Z','2026-11-23T12:00:09.000000Z',NULL,NULL,0,NULL);
INSERT INTO "proposal" VALUES('20261122.set_daily_budget.meta.6.f39e8e14','88b76253fef39bd507f3b7b97a2a1c8dd9f059d909c9f3d7a72ed73a5ee307a1','{"as_of":"2026-11-22","changes":[{"after":"80.00","before":"100.00","field":"daily_budget","image":{"budget_id":null,"budget_owner":"ad_set","campaign_id":"c1","campaign_name":"A campaign","currency":"EUR","daily_budget":"100.00","learning_state":null,"name":"A set","native_status":"ACTIVE","shared_by":1,"status":"active","version":null},"target":{"account_id":"a1","entity_id":"6","level":"ad_set","platform":"meta_ads"}}],"created_at":"2026-11-23T12:00:06Z","effect":{"high":null,"low":null,"metric":"none","middle":null,"words":"none"},"evidence":{"expected_conversions":99,"spend_a_day":20.0},"expires_at":"2026-11-24T12:00:06Z","kind":"set_daily_budget","level":"propose","proposal_id":"20261122.set_daily_budget.meta.6.f39e8e14","proposer":"rule:test","reason":"because","reverts":null,"verdicts":[]}','set_daily_budget','2026-11-22','propose','proposed',NULL,'2026-11-23T12:00:06.000000Z','2026-11-24T12:00:06.000000Z','2026-11-23T12:00:11.000000Z',NULL,NULL,0,NULL);
CREATE TABLE "shadow" (shadow_id varchar(128) primary key, scope varchar(120) not null, level varchar(20) not null, body text not null, proposal_id varchar(128), at varchar(27) not null);
INSERT INTO "shadow" VALUES('s1','everything','auto_safe','{"summary":"x"}','20261122.set_daily_budget.meta.1.e212a985','2026-11-23T12:01:08.000000Z');
CREATE TABLE "spent_code" (approver varchar(80) not null, code varchar(80) not null, scope varchar(200) not null, spent_at varchar(27) not null, primary key (approver, code));
INSERT INTO "spent_code" VALUES('alice','totp:1','run 20261122.set_daily_budget.meta.1.e212a985','2026-11-23T12:00:13.000000Z');
INSERT INTO "spent_code" VALUES('bob','totp:2','run 20261122.set_daily_budget.meta.2.f4f2d86b','2026-11-23T12:00:29.000000Z');
INSERT INTO "spent_code" VALUES('alice','totp:3','run 20261122.set_daily_budget.meta.3.62ad7479','2026-11-23T12:00:35.000000Z');
INSERT INTO "spent_code" VALUES('alice','totp:4','run 20261122.set_daily_budget.meta.4.5bc3e937','2026-11-23T12:00:41.000000Z');
INSERT INTO "spent_code" VALUES('alice','totp:5','run 20261122.set_daily_budget.meta.5.40796b09','2026-11-23T12:00:55.000000Z');
CREATE TABLE "switch" (name varchar(40) primary key, is_on boolean not null, person varchar(80) not null, reason text not null, at varchar(27) not null);
INSERT INTO "switch" VALUES('kill',0,'alice','over','2026-11-23T12:01:03.000000Z');
CREATE TABLE "target" (proposal_id varchar(128) not null references proposal, part integer not null, platform varchar(20) not null, account_id varchar(40) not null, level varchar(20) not null, entity_id varchar(60) not null, primary key (proposal_id, part));
INSERT INTO "target" VALUES('20261122.set_daily_budget.meta.1.e212a985',0,'meta_ads','a1','ad_set','1');
INSERT INTO "target" VALUES('20261122.set_daily_budget.meta.2.f4f2d86b',0,'meta_ads','a1','ad_set','2');
INSERT INTO "target" VALUES('20261122.set_daily_budget.meta.3.62ad7479',0,'meta_ads','a1','ad_set','3');
INSERT INTO "target" VALUES('20261122.set_daily_budget.meta.4.5bc3e937',0,'meta_ads','a1','ad_set','4');
INSERT INTO "target" VALUES('20261122.set_daily_budget.meta.5.40796b09',0,'meta_ads','a1','ad_set','5');
INSERT INTO "target" VALUES('20261122.set_daily_budget.meta.6.f39e8e14',0,'meta_ads','a1','ad_set','6');
CREATE TABLE "write" (proposal_id varchar(128) not null references proposal, part integer not null, direction varchar(10) not null, state varchar(12) not null, run_id varchar(80) not null, intended_at varchar(27) not null, ended_at varchar(27), request_id varchar(120), said text, primary key (proposal_id, part, direction));
INSERT INTO "write" VALUES('20261122.set_daily_budget.meta.1.e212a985',0,'forward','verified','run 1','2026-11-23T12:00:21.000000Z','2026-11-23T12:00:25.000000Z','req-1',NULL);
INSERT INTO "write" VALUES('20261122.set_daily_budget.meta.4.5bc3e937',0,'forward','unknown','run 2','2026-11-23T12:00:49.000000Z','2026-11-23T12:00:51.000000Z',NULL,'no answer');
CREATE TABLE wrong_code (
	number INTEGER NOT NULL, 
	approver VARCHAR(80) NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO "wrong_code" VALUES(1,'bob','2026-11-23T12:01:05.000000Z');
CREATE INDEX ix_proposal_state ON proposal (state);
CREATE INDEX ix_proposal_changed_at ON proposal (changed_at);
CREATE INDEX ix_target_entity_id ON target (entity_id);
CREATE INDEX ix_wrong_code_approver ON wrong_code (approver);
CREATE INDEX ix_shadow_scope ON shadow (scope);
CREATE INDEX ix_audit_proposal_id ON audit (proposal_id);
CREATE TRIGGER keep_audit_rows before delete on "audit" begin select raise(abort, 'audit is append-only'); end;
CREATE TRIGGER keep_audit_words before update on "audit" begin select raise(abort, 'audit is append-only'); end;
CREATE TRIGGER keep_decision_rows before delete on "decision" begin select raise(abort, 'decision is append-only'); end;
CREATE TRIGGER keep_decision_words before update on "decision" begin select raise(abort, 'decision is append-only'); end;
CREATE TRIGGER keep_spent_code_rows before delete on "spent_code" begin select raise(abort, 'spent_code is append-only'); end;
CREATE TRIGGER keep_spent_code_words before update on "spent_code" begin select raise(abort, 'spent_code is append-only'); end;
CREATE TRIGGER keep_target_rows before delete on "target" begin select raise(abort, 'target is append-only'); end;
CREATE TRIGGER keep_target_words before update on "target" begin select raise(abort, 'target is append-only'); end;
CREATE TRIGGER keep_launch_rows before delete on "launch" begin select raise(abort, 'launch is append-only'); end;
CREATE TRIGGER keep_launch_words before update on "launch" begin select raise(abort, 'launch is append-only'); end;
CREATE TRIGGER keep_shadow_rows before delete on "shadow" begin select raise(abort, 'shadow is append-only'); end;
CREATE TRIGGER keep_shadow_words before update on "shadow" begin select raise(abort, 'shadow is append-only'); end;
CREATE TRIGGER keep_proposal_rows before delete on "proposal" begin select raise(abort, 'proposal is append-only'); end;
CREATE TRIGGER keep_proposal_words before update of proposal_id, digest, body, kind, as_of, level, created_at, expires_at on "proposal" begin select raise(abort, 'proposal is append-only'); end;
CREATE TRIGGER keep_batch_rows before delete on "batch" begin select raise(abort, 'batch is append-only'); end;
CREATE TRIGGER keep_batch_words before update of batch_id, digest, members, created_at on "batch" begin select raise(abort, 'batch is append-only'); end;
CREATE TRIGGER keep_write_rows before delete on "write" begin select raise(abort, 'write is append-only'); end;
CREATE TRIGGER keep_write_words before update of proposal_id, part, direction, run_id, intended_at on "write" begin select raise(abort, 'write is append-only'); end;
CREATE INDEX "notice_delivery_state" on "notice_delivery" (state);
COMMIT;
