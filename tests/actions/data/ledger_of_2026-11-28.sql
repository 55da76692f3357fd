BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
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
INSERT INTO "audit" VALUES(1,'2026-11-23T12:00:02.000000Z','rule:test','proposed','20261122.pause_ad_set.meta.1.850e2821','{"digest":"0f96f75919803772a7d529a777d72eb5ef38000bec77f331b3ae69ea6d6bf4ff"}','0000000000000000000000000000000000000000000000000000000000000000','23936bc7dc2eae06832017e97bc7909cd8b4aa07a19d182bc42ed52faa00b724');
INSERT INTO "audit" VALUES(2,'2026-11-23T12:00:04.000000Z','rule:test','proposed','20261122.set_daily_budget.meta.2.51d41ab6','{"digest":"0d516f9968f71ddb4de4b325fee02506c543296b4de4220e57b874541ea71f5b"}','23936bc7dc2eae06832017e97bc7909cd8b4aa07a19d182bc42ed52faa00b724','ee1fee446f63d5a41b0294817bee254a60e162348e8bc4401e6819a7eec39872');
INSERT INTO "audit" VALUES(3,'2026-11-23T12:00:06.000000Z','rule:test','proposed','20261122.set_daily_budget.meta.3.760af3e3','{"digest":"d0d389c9ff090d92a56919897eddad15fdaff2a3544f403230afbd1141b4c915"}','ee1fee446f63d5a41b0294817bee254a60e162348e8bc4401e6819a7eec39872','485739663a6da631aa00107f693414716d4128713970ef32ee2814d5d6e85a74');
INSERT INTO "audit" VALUES(4,'2026-11-23T12:00:08.000000Z','rule:test','proposed','20261122.set_daily_budget.google.best.exclude.be86c8e1','{"digest":"9c27081d21283d5dad3c5403e8fa3b8653d6d7ee344a6f39e984ad0f068bebd6"}','485739663a6da631aa00107f693414716d4128713970ef32ee2814d5d6e85a74','f94d7f30e614faeaa9900201711df959cde2037b5a1ee89f1ec1c3272c482b99');
INSERT INTO "audit" VALUES(5,'2026-11-23T12:00:10.000000Z','rule:test','proposed','20261122.set_daily_budget.google.77.7be5b7ea','{"digest":"c3908224bf6fad7a4aa41a2354e7434d6231317a2ddf9bff658b896f8832b996"}','f94d7f30e614faeaa9900201711df959cde2037b5a1ee89f1ec1c3272c482b99','a49b2abcc40b36c6e72b3b90a8e667c8e885949961613360c22920760bd9ff0c');
INSERT INTO "audit" VALUES(6,'2026-11-23T12:00:13.000000Z','alice','code spent',NULL,'{"code":"totp:0","scope":"reference b8d8ca26833bba6c42a789d9a5cda60b4484f563e7eb53857d73c9c1931cf1c1"}','a49b2abcc40b36c6e72b3b90a8e667c8e885949961613360c22920760bd9ff0c','88eab0195653e106f150901e35215c4bac29ef1186c7bf2b4968df268cbc95fa');
INSERT INTO "audit" VALUES(7,'2026-11-23T12:00:15.000000Z','alice','decisions recorded',NULL,'{"decisions":{"0f96f75919803772a7d529a777d72eb5ef38000bec77f331b3ae69ea6d6bf4ff":"approve"},"proof":"totp","reference":"b8d8ca26833bba6c42a789d9a5cda60b4484f563e7eb53857d73c9c1931cf1c1","session":"laptop"}','88eab0195653e106f150901e35215c4bac29ef1186c7bf2b4968df268cbc95fa','fcadcea6cc2a10f46ea90915ebad83b7c08d65b16e3e976e303244856935ff9b');
INSERT INTO "audit" VALUES(8,'2026-11-23T12:00:18.000000Z','r','reference redeemed','20261122.pause_ad_set.meta.1.850e2821','{"reference":"b8d8ca26833bba6c42a789d9a5cda60b4484f563e7eb53857d73c9c1931cf1c1","run":"r"}','fcadcea6cc2a10f46ea90915ebad83b7c08d65b16e3e976e303244856935ff9b','820338e66fe55a6f213ed4e7a0c5985843556fd6c60210a47c6b5f9b5181ffb9');
INSERT INTO "audit" VALUES(9,'2026-11-23T12:00:21.000000Z','alice','approve','20261122.pause_ad_set.meta.1.850e2821','{"digest":"0f96f75919803772a7d529a777d72eb5ef38000bec77f331b3ae69ea6d6bf4ff","proof":"totp","reason":"checked","reference":"b8d8ca26833bba6c42a789d9a5cda60b4484f563e7eb53857d73c9c1931cf1c1","run":"r"}','820338e66fe55a6f213ed4e7a0c5985843556fd6c60210a47c6b5f9b5181ffb9','1b0ed9e390988112e29c6c59bbf45be8077ffad8258e14ff46d874d823d9252a');
INSERT INTO "audit" VALUES(10,'2026-11-23T12:00:23.000000Z','alice','approved','20261122.pause_ad_set.meta.1.850e2821','{"why":"approved by 1 of 1"}','1b0ed9e390988112e29c6c59bbf45be8077ffad8258e14ff46d874d823d9252a','cd0658a91ce6f43057dc244b640d0bab456b3ba4b4f84e178b8441658f01ee0b');
INSERT INTO "audit" VALUES(11,'2026-11-23T12:00:26.000000Z','alice','code spent',NULL,'{"code":"totp:1","scope":"reference 4558bafe7d613681d95c8d99b57b06bf42cd689123fa536834c989455cb83855"}','cd0658a91ce6f43057dc244b640d0bab456b3ba4b4f84e178b8441658f01ee0b','a4f3a7036f8dd5fc5ea50798dd2a4d73f2ae70a93b0ae093606c06295d56a890');
INSERT INTO "audit" VALUES(12,'2026-11-23T12:00:28.000000Z','alice','decisions recorded',NULL,'{"decisions":{"0d516f9968f71ddb4de4b325fee02506c543296b4de4220e57b874541ea71f5b":"approve"},"proof":"totp","reference":"4558bafe7d613681d95c8d99b57b06bf42cd689123fa536834c989455cb83855","session":"laptop"}','a4f3a7036f8dd5fc5ea50798dd2a4d73f2ae70a93b0ae093606c06295d56a890','eff3932bb297aa92806e69d780c748f4f2a3536d4018a1340167f3b18a36356d');
INSERT INTO "audit" VALUES(13,'2026-11-23T12:00:31.000000Z','r','reference redeemed','20261122.set_daily_budget.meta.2.51d41ab6','{"reference":"4558bafe7d613681d95c8d99b57b06bf42cd689123fa536834c989455cb83855","run":"r"}','eff3932bb297aa92806e69d780c748f4f2a3536d4018a1340167f3b18a36356d','616f5115d4c42aa14c4177153212a48335674b09a080ddee1a711d3fa90368cc');
INSERT INTO "audit" VALUES(14,'2026-11-23T12:00:34.000000Z','alice','approve','20261122.set_daily_budget.meta.2.51d41ab6','{"digest":"0d516f9968f71ddb4de4b325fee02506c543296b4de4220e57b874541ea71f5b","proof":"totp","reason":"checked","reference":"4558bafe7d613681d95c8d99b57b06bf42cd689123fa536834c989455cb83855","run":"r"}','616f5115d4c42aa14c4177153212a48335674b09a080ddee1a711d3fa90368cc','e9589a29399f9aa3b3841f31445bf6241b4fd230c638763fe48229212665190f');
INSERT INTO "audit" VALUES(15,'2026-11-23T12:00:36.000000Z','alice','approved','20261122.set_daily_budget.meta.2.51d41ab6','{"why":"approved by 1 of 1"}','e9589a29399f9aa3b3841f31445bf6241b4fd230c638763fe48229212665190f','e19abcfc26131b26bd2f9871676be676c8e32def40472c077c4d4725d84380ef');
INSERT INTO "audit" VALUES(16,'2026-11-23T12:00:39.000000Z','alice','code spent',NULL,'{"code":"totp:2","scope":"reference f1c6941673ffa02255314eaead9a5a0437637507b15812028ff578e2ffab6554"}','e19abcfc26131b26bd2f9871676be676c8e32def40472c077c4d4725d84380ef','ad91fe87ea86c8a1c16a4cc27dbdc840efcef3bc23281e3a8f256993d5974885');
INSERT INTO "audit" VALUES(17,'2026-11-23T12:00:41.000000Z','alice','decisions recorded',NULL,'{"decisions":{"9c27081d21283d5dad3c5403e8fa3b8653d6d7ee344a6f39e984ad0f068bebd6":"reject"},"proof":"totp","reference":"f1c6941673ffa02255314eaead9a5a0437637507b15812028ff578e2ffab6554","session":"laptop"}','ad91fe87ea86c8a1c16a4cc27dbdc840efcef3bc23281e3a8f256993d5974885','365d5f5fe4b7ed21d44741d1891313255055deaad7303a600d868be8f9c76838');
INSERT INTO "audit" VALUES(18,'2026-11-23T12:00:44.000000Z','r','reference redeemed','20261122.set_daily_budget.google.best.exclude.be86c8e1','{"reference":"f1c6941673ffa02255314eaead9a5a0437637507b15812028ff578e2ffab6554","run":"r"}','365d5f5fe4b7ed21d44741d1891313255055deaad7303a600d868be8f9c76838','190283a6d7cdda82c02207e21ab7572fc34d5faf589353e9024adf0682effb76');
INSERT INTO "audit" VALUES(19,'2026-11-23T12:00:47.000000Z','alice','reject','20261122.set_daily_budget.google.best.exclude.be86c8e1','{"digest":"9c27081d21283d5dad3c5403e8fa3b8653d6d7ee344a6f39e984ad0f068bebd6","proof":"totp","reason":"checked","reference":"f1c6941673ffa02255314eaead9a5a0437637507b15812028ff578e2ffab6554","run":"r"}','190283a6d7cdda82c02207e21ab7572fc34d5faf589353e9024adf0682effb76','071a075b7936773a5e2a60a28aee60e17b3190ac9ede3e7b5592536950841b5b');
INSERT INTO "audit" VALUES(20,'2026-11-23T12:00:49.000000Z','alice','rejected','20261122.set_daily_budget.google.best.exclude.be86c8e1','{"why":"checked"}','071a075b7936773a5e2a60a28aee60e17b3190ac9ede3e7b5592536950841b5b','7e6209c02e63e2c8c3bbec31ea695fb3078fad6b7db6de6e9eb8fdc4d9f9c3e7');
INSERT INTO "audit" VALUES(21,'2026-11-23T12:00:51.000000Z','run 1','executing','20261122.pause_ad_set.meta.1.850e2821','{"why":"preflight passed"}','7e6209c02e63e2c8c3bbec31ea695fb3078fad6b7db6de6e9eb8fdc4d9f9c3e7','50af912e360d252f66f9c181bcdc3fb22ab9629bd39539f1f293d2b78b7d9e97');
INSERT INTO "audit" VALUES(22,'2026-11-23T12:00:53.000000Z','run 1','write intended','20261122.pause_ad_set.meta.1.850e2821','{"direction":"forward","part":0}','50af912e360d252f66f9c181bcdc3fb22ab9629bd39539f1f293d2b78b7d9e97','e191d71ae19b6ba524d9eb20814317bd9089701307ab23ca78da95fbcbfa65f3');
INSERT INTO "audit" VALUES(23,'2026-11-23T12:00:55.000000Z','platform','write accepted','20261122.pause_ad_set.meta.1.850e2821','{"direction":"forward","part":0,"request":"r","said":null}','e191d71ae19b6ba524d9eb20814317bd9089701307ab23ca78da95fbcbfa65f3','ef923a966ae0f2aadc1565569a572168af57d5bdc49300673953da8068ff4ef4');
INSERT INTO "audit" VALUES(24,'2026-11-23T12:00:57.000000Z','platform','write verified','20261122.pause_ad_set.meta.1.850e2821','{"direction":"forward","part":0,"request":null,"said":null}','ef923a966ae0f2aadc1565569a572168af57d5bdc49300673953da8068ff4ef4','56acfe46fb0672e5d782c53017e9ce24b00f48e7cbcd9fc5dd60f5e01be4c811');
INSERT INTO "audit" VALUES(25,'2026-11-23T12:00:59.000000Z','run 1','verified','20261122.pause_ad_set.meta.1.850e2821','{"why":"read back"}','56acfe46fb0672e5d782c53017e9ce24b00f48e7cbcd9fc5dd60f5e01be4c811','89b7b2614ccbcf0409c808d3ce8689664a2afe96c8eee6d0437fb6ec8bbb8d0c');
CREATE TABLE "audit_head" (id integer primary key, seq integer not null, hash varchar(64) not null, mac VARCHAR(64));
INSERT INTO "audit_head" VALUES(1,25,'89b7b2614ccbcf0409c808d3ce8689664a2afe96c8eee6d0437fb6ec8bbb8d0c','fcaa735724e2b8f2aa56072685288731fe052307b94aedce95eb14c4425a163e');
CREATE TABLE "batch" (batch_id varchar(128) primary key, digest varchar(64) not null, members text not null, created_at varchar(27) not null, registered_at varchar(27), retired_at varchar(27));
CREATE TABLE "decision" (proposal_id varchar(128) not null references proposal, approver varchar(80) not null, digest varchar(64) not null, verdict varchar(10) not null, reason text not null, proof varchar(20) not null, run_id varchar(80) not null, decided_at varchar(27) not null, mac VARCHAR(64), primary key (proposal_id, approver));
INSERT INTO "decision" VALUES('20261122.pause_ad_set.meta.1.850e2821','alice','0f96f75919803772a7d529a777d72eb5ef38000bec77f331b3ae69ea6d6bf4ff','approve','checked','totp','r','2026-11-23T12:00:20.000000Z','bb1ce8c92d9e58a1b562ae8399c426c6d55010830fbbfc136e62bfe44adeb543');
INSERT INTO "decision" VALUES('20261122.set_daily_budget.meta.2.51d41ab6','alice','0d516f9968f71ddb4de4b325fee02506c543296b4de4220e57b874541ea71f5b','approve','checked','totp','r','2026-11-23T12:00:33.000000Z','622926e2f93ab7fc2c47b5e6bc63469d39b2d806398b50ba672a65a2ee01ff1c');
INSERT INTO "decision" VALUES('20261122.set_daily_budget.google.best.exclude.be86c8e1','alice','9c27081d21283d5dad3c5403e8fa3b8653d6d7ee344a6f39e984ad0f068bebd6','reject','checked','totp','r','2026-11-23T12:00:46.000000Z','67ef5da3b0655396bde886213e1d7af56ba62828ed36e19e61a8552d4e41fbf5');
CREATE TABLE decision_reference (
	reference_hash VARCHAR(64) NOT NULL, 
	approver VARCHAR(80) NOT NULL, 
	decisions TEXT NOT NULL, 
	note TEXT NOT NULL, 
	proof VARCHAR(20) NOT NULL, 
	session VARCHAR(160) NOT NULL, 
	created_at VARCHAR(27) NOT NULL, 
	mac VARCHAR(64) NOT NULL, 
	PRIMARY KEY (reference_hash)
);
INSERT INTO "decision_reference" VALUES('b8d8ca26833bba6c42a789d9a5cda60b4484f563e7eb53857d73c9c1931cf1c1','alice','{"0f96f75919803772a7d529a777d72eb5ef38000bec77f331b3ae69ea6d6bf4ff":"approve"}','checked','totp','laptop','2026-11-23T12:00:14.000000Z','38ab628c96be7dd362305f397152b47c2267b4cf9aabfee40d8fdc612745a2b1');
INSERT INTO "decision_reference" VALUES('4558bafe7d613681d95c8d99b57b06bf42cd689123fa536834c989455cb83855','alice','{"0d516f9968f71ddb4de4b325fee02506c543296b4de4220e57b874541ea71f5b":"approve"}','checked','totp','laptop','2026-11-23T12:00:27.000000Z','58fab3ce8325c421281fe9a17612bba36e1e1998e8ddda04fc189abe60262c6f');
INSERT INTO "decision_reference" VALUES('f1c6941673ffa02255314eaead9a5a0437637507b15812028ff578e2ffab6554','alice','{"9c27081d21283d5dad3c5403e8fa3b8653d6d7ee344a6f39e984ad0f068bebd6":"reject"}','checked','totp','laptop','2026-11-23T12:00:40.000000Z','72002d21daa91c50b57a91604e7c61756b2f1fe3b739a7e400b2dc48cb82788e');
CREATE TABLE guess_reset (
	number INTEGER NOT NULL, 
	approver VARCHAR(80) NOT NULL, 
	"by" VARCHAR(80) NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	PRIMARY KEY (number)
);
CREATE TABLE "launch" (run_id varchar(80) primary key, person varchar(80) not null, at varchar(27) not null);
CREATE TABLE "notice" (notice_id varchar(240) primary key, kind varchar(20) not null, priority integer not null, body text not null, said_at varchar(27) not null, routed_at varchar(27));
CREATE TABLE "notice_delivery" (notice_id varchar(240) not null references notice, channel varchar(80) not null, state varchar(12) not null, due_at varchar(27) not null, claimed_until varchar(27), attempts integer not null, ended_at varchar(27), said text, primary key (notice_id, channel));
CREATE TABLE "notice_topic" (topic varchar(240) primary key, ref varchar(80) not null, kind varchar(20) not null, priority integer not null, body text not null, opened_on varchar(10) not null, seen_on varchar(10) not null, ended_on varchar(10));
CREATE TABLE "proposal" (proposal_id varchar(128) primary key, digest varchar(64) not null, body text not null, kind varchar(40) not null, as_of varchar(10) not null, level varchar(12) not null, state varchar(12) not null, why text, created_at varchar(27) not null, expires_at varchar(27) not null, changed_at varchar(27) not null, registered_at varchar(27), announced_at varchar(27), reminded integer not null, retired_at varchar(27));
INSERT INTO "proposal" VALUES('20261122.pause_ad_set.meta.1.850e2821','0f96f75919803772a7d529a777d72eb5ef38000bec77f331b3ae69ea6d6bf4ff','{"as_of":"2026-11-22","changes":[{"after":"paused","before":"active","field":"status","image":{"budget_id":null,"budget_owner":"ad_set","campaign_id":"c1","campaign_name":"A campaign","currency":"EUR","daily_budget":"100.00","learning_state":null,"name":"A set","native_status":"ACTIVE","shared_by":1,"status":"active","version":null},"target":{"account_id":"a1","entity_id":"1","level":"ad_set","platform":"meta_ads"}}],"created_at":"2026-11-23T12:00:00Z","effect":{"high":null,"low":null,"metric":"none","middle":null,"words":"none"},"evidence":{"expected_conversions":99,"spend_a_day":20.0},"expires_at":"2026-11-24T12:00:00Z","kind":"pause_ad_set","level":"propose","proposal_id":"20261122.pause_ad_set.meta.1.850e2821","proposer":"rule:test","reason":"because","reverts":null,"verdicts":[]}','pause_ad_set','2026-11-22','propose','verified','read back','2026-11-23T12:00:00.000000Z','2026-11-24T12:00:00.000000Z','2026-11-23T12:00:58.000000Z',NULL,NULL,0,NULL);
INSERT INTO "proposal" VALUES('20261122.set_daily_budget.meta.2.51d41ab6','0d516f9968f71ddb4de4b325fee02506c543296b4de4220e57b874541ea71f5b','{"as_of":"2026-11-22","changes":[{"after":"80.00","before":"100.00","field":"daily_budget","image":{"budget_id":null,"budget_owner":"ad_set","campaign_id":"c1","campaign_name":"A campaign","currency":"EUR","daily_budget":"100.00","learning_state":null,"name":"A set","native_status":"ACTIVE","shared_by":1,"status":"active","version":null},"target":{"account_id":"a1","entity_id":"2","level":"ad_set","platform":"meta_ads"}}],"created_at":"2026-11-23T12:00:00Z","effect":{"high":null,"low":null,"metric":"none","middle":null,"words":"none"},"evidence":{"expected_conversions":99,"spend_a_day":20.0},"expires_at":"2026-11-24T12:00:00Z","kind":"set_daily_budget","level":"propose","proposal_id":"20261122.set_daily_budget.meta.2.51d41ab6","proposer":"rule:test","reason":"because","reverts":null,"verdicts":[]}','set_daily_budget','2026-11-22','propose','approved','approved by 1 of 1','2026-11-23T12:00:00.000000Z','2026-11-24T12:00:00.000000Z','2026-11-23T12:00:35.000000Z',NULL,NULL,0,NULL);
INSERT INTO "proposal" VALUES('20261122.set_daily_budget.meta.3.760af3e3','d0d389c9ff090d92a56919897eddad15fdaff2a3544f403230afbd1141b4c915','{"as_of":"2026-11-22","changes":[{"after":"90.00","before":"100.00","field":"daily_budget","image":{"budget_id":null,"budget_owner":"ad_set","campaign_id":"c1","campaign_name":"A campaign","currency":"EUR","daily_budget":"100.00","learning_state":null,"name":"A set","native_status":"ACTIVE","shared_by":1,"status":"active","version":null},"target":{"account_id":"a1","entity_id":"3","level":"ad_set","platform":"meta_ads"}},{"after":"60.00","before":"50.00","field":"daily_budget","image":{"budget_id":null,"budget_owner":"ad_set","campaign_id":"c1","campaign_name":"A campaign","currency":"EUR","daily_budget":"50.00","learning_state":null,"name":"A set","native_status":"ACTIVE","shared_by":1,"status":"active","version":null},"target":{"account_id":"a1","entity_id":"4","level":"ad_set","platform":"meta_ads"}}],"created_at":"2026-11-23T12:00:00Z","effect":{"high":null,"low":null,"metric":"none","middle":null,"words":"none"},"evidence":{"expected_conversions":99,"spend_a_day":20.0},"expires_at":"2026-11-24T12:00:00Z","kind":"reallocate_budget","level":"propose","proposal_id":"20261122.set_daily_budget.meta.3.760af3e3","proposer":"rule:test","reason":"because","reverts":null,"verdicts":[]}','reallocate_budget','2026-11-22','propose','proposed',NULL,'2026-11-23T12:00:00.000000Z','2026-11-24T12:00:00.000000Z','2026-11-23T12:00:05.000000Z',NULL,NULL,0,NULL);
INSERT INTO "proposal" VALUES('20261122.set_daily_budget.google.best.exclude.be86c8e1','9c27081d21283d5dad3c5403e8fa3b8653d6d7ee344a6f39e984ad0f068bebd6','{"as_of":"2026-11-22","changes":[{"after":"abababababababababababababababababababababababababababababababab","before":"none","field":"members","image":{"audience":{"audience_id":null,"digest":"none","identifiers":0,"people":0},"budget_id":null,"budget_owner":null,"campaign_id":null,"campaign_name":null,"currency":"","daily_budget":null,"labels":[],"learning_state":null,"name":"best","native_status":"exclude","shared_by":1,"status":"absent","version":null},"step":{"adds":120,"after":120,"before":0,"removes":0},"target":{"account_id":"a2","entity_id":"best.exclude","level":"audience","platform":"google_ads"}}],"created_at":"2026-11-23T12:00:00Z","effect":{"high":null,"low":null,"metric":"none","middle":null,"words":"none"},"evidence":{"match_share":0.6,"people":120},"expires_at":"2026-11-24T12:00:00Z","kind":"sync_audience","level":"propose","proposal_id":"20261122.set_daily_budget.google.best.exclude.be86c8e1","proposer":"rule:test","reason":"because","reverts":null,"verdicts":[]}','sync_audience','2026-11-22','propose','rejected','checked','2026-11-23T12:00:00.000000Z','2026-11-24T12:00:00.000000Z','2026-11-23T12:00:48.000000Z',NULL,NULL,0,NULL);
INSERT INTO "proposal" VALUES('20261122.set_daily_budget.google.77.7be5b7ea','c3908224bf6fad7a4aa41a2354e7434d6231317a2ddf9bff658b896f8832b996','{"as_of":"2026-11-22","changes":[{"after":"123,456","before":"none","field":"excluded_audiences","image":{"budget_id":null,"budget_owner":"ad_set","campaign_id":"c1","campaign_name":"A campaign","currency":"EUR","daily_budget":"100.00","excluded_audiences":[],"labels":["x"],"learning_state":null,"name":"A set","native_status":"ACTIVE","shared_by":1,"special_categories":[],"status":"active","version":null},"target":{"account_id":"a2","entity_id":"77","level":"campaign","platform":"google_ads"}}],"created_at":"2026-11-23T12:00:00Z","effect":{"high":null,"low":null,"metric":"none","middle":null,"words":"none"},"evidence":{"conversions_kept":0.97,"people":120},"expires_at":"2026-11-24T12:00:00Z","kind":"exclude_audience","level":"propose","proposal_id":"20261122.set_daily_budget.google.77.7be5b7ea","proposer":"rule:test","reason":"because","reverts":null,"verdicts":[]}','exclude_audience','2026-11-22','propose','proposed',NULL,'2026-11-23T12:00:00.000000Z','2026-11-24T12:00:00.000000Z','2026-11-23T12:00:09.000000Z',NULL,NULL,0,NULL);
CREATE TABLE redemption (
	reference_hash VARCHAR(64) NOT NULL, 
	proposal_id VARCHAR(128) NOT NULL, 
	run_id VARCHAR(80) NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	PRIMARY KEY (reference_hash, proposal_id), 
	FOREIGN KEY(reference_hash) REFERENCES decision_reference (reference_hash), 
	FOREIGN KEY(proposal_id) REFERENCES proposal (proposal_id)
);
INSERT INTO "redemption" VALUES('b8d8ca26833bba6c42a789d9a5cda60b4484f563e7eb53857d73c9c1931cf1c1','20261122.pause_ad_set.meta.1.850e2821','r','2026-11-23T12:00:17.000000Z');
INSERT INTO "redemption" VALUES('4558bafe7d613681d95c8d99b57b06bf42cd689123fa536834c989455cb83855','20261122.set_daily_budget.meta.2.51d41ab6','r','2026-11-23T12:00:30.000000Z');
INSERT INTO "redemption" VALUES('f1c6941673ffa02255314eaead9a5a0437637507b15812028ff578e2ffab6554','20261122.set_daily_budget.google.best.exclude.be86c8e1','r','2026-11-23T12:00:43.000000Z');
CREATE TABLE "shadow" (shadow_id varchar(128) primary key, scope varchar(120) not null, level varchar(20) not null, body text not null, proposal_id varchar(128), at varchar(27) not null, mac VARCHAR(64));
CREATE TABLE "spent_code" (approver varchar(80) not null, code varchar(80) not null, scope varchar(200) not null, spent_at varchar(27) not null, primary key (approver, code));
INSERT INTO "spent_code" VALUES('alice','totp:0','reference b8d8ca26833bba6c42a789d9a5cda60b4484f563e7eb53857d73c9c1931cf1c1','2026-11-23T12:00:12.000000Z');
INSERT INTO "spent_code" VALUES('alice','totp:1','reference 4558bafe7d613681d95c8d99b57b06bf42cd689123fa536834c989455cb83855','2026-11-23T12:00:25.000000Z');
INSERT INTO "spent_code" VALUES('alice','totp:2','reference f1c6941673ffa02255314eaead9a5a0437637507b15812028ff578e2ffab6554','2026-11-23T12:00:38.000000Z');
CREATE TABLE "switch" (name varchar(40) primary key, is_on boolean not null, person varchar(80) not null, reason text not null, at varchar(27) not null, mac VARCHAR(64));
CREATE TABLE "target" (proposal_id varchar(128) not null references proposal, part integer not null, platform varchar(20) not null, account_id varchar(40) not null, level varchar(20) not null, entity_id varchar(60) not null, primary key (proposal_id, part));
INSERT INTO "target" VALUES('20261122.pause_ad_set.meta.1.850e2821',0,'meta_ads','a1','ad_set','1');
INSERT INTO "target" VALUES('20261122.set_daily_budget.meta.2.51d41ab6',0,'meta_ads','a1','ad_set','2');
INSERT INTO "target" VALUES('20261122.set_daily_budget.meta.3.760af3e3',0,'meta_ads','a1','ad_set','3');
INSERT INTO "target" VALUES('20261122.set_daily_budget.meta.3.760af3e3',1,'meta_ads','a1','ad_set','4');
INSERT INTO "target" VALUES('20261122.set_daily_budget.google.best.exclude.be86c8e1',0,'google_ads','a2','audience','best.exclude');
INSERT INTO "target" VALUES('20261122.set_daily_budget.google.77.7be5b7ea',0,'google_ads','a2','campaign','77');
CREATE TABLE "write" (proposal_id varchar(128) not null references proposal, part integer not null, direction varchar(10) not null, state varchar(12) not null, run_id varchar(80) not null, intended_at varchar(27) not null, ended_at varchar(27), request_id varchar(120), said text, answered_at VARCHAR(27), looked_at VARCHAR(27), primary key (proposal_id, part, direction));
INSERT INTO "write" VALUES('20261122.pause_ad_set.meta.1.850e2821',0,'forward','verified','run 1','2026-11-23T12:00:52.000000Z','2026-11-23T12:00:56.000000Z','r',NULL,'2026-11-23T12:00:54.000000Z','2026-11-23T12:00:56.000000Z');
CREATE TABLE wrong_code (
	number INTEGER NOT NULL, 
	approver VARCHAR(80) NOT NULL, 
	at VARCHAR(27) NOT NULL, session VARCHAR(160), 
	PRIMARY KEY (number)
);
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
CREATE INDEX ix_guess_reset_approver ON guess_reset (approver);
CREATE INDEX ix_proposal_digest ON proposal (digest);
CREATE TRIGGER keep_decision_reference_rows before delete on "decision_reference" begin select raise(abort, 'decision_reference is append-only'); end;
CREATE TRIGGER keep_decision_reference_words before update on "decision_reference" begin select raise(abort, 'decision_reference is append-only'); end;
CREATE TRIGGER keep_redemption_rows before delete on "redemption" begin select raise(abort, 'redemption is append-only'); end;
CREATE TRIGGER keep_redemption_words before update on "redemption" begin select raise(abort, 'redemption is append-only'); end;
CREATE TRIGGER keep_guess_reset_rows before delete on "guess_reset" begin select raise(abort, 'guess_reset is append-only'); end;
CREATE TRIGGER keep_guess_reset_words before update on "guess_reset" begin select raise(abort, 'guess_reset is append-only'); end;
CREATE TRIGGER keep_switch_rows before delete on "switch" begin select raise(abort, 'switch is append-only'); end;
CREATE TRIGGER keep_audit_head_rows before delete on "audit_head" begin select raise(abort, 'audit_head is append-only'); end;
CREATE TRIGGER keep_proposal_steps before update of state on "proposal" when new.state <> old.state and (old.state || '>' || new.state) not in ('proposed>approved', 'proposed>rejected', 'proposed>expired', 'proposed>superseded', 'approved>executing', 'approved>expired', 'executing>verified', 'executing>failed', 'executing>unknown', 'unknown>verified', 'unknown>failed', 'verified>reverted', 'failed>arrived_late', 'arrived_late>verified', 'arrived_late>reverted') begin select raise(abort, 'no such step of a proposal'); end;
CREATE TRIGGER keep_write_steps before update of state on "write" when new.state <> old.state and (old.state || '>' || new.state) not in ('intended>accepted', 'intended>refused', 'intended>unknown', 'intended>verified', 'intended>absent', 'accepted>verified', 'accepted>absent', 'unknown>accepted', 'unknown>verified', 'unknown>absent', 'refused>verified', 'refused>arrived_late', 'absent>arrived_late') begin select raise(abort, 'no such step of a write'); end;
COMMIT;
