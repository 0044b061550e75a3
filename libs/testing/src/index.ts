export { freePort } from '@countersign/embedded';
export { testDatabase, type TestDatabase } from './test-database.js';
export { engineUrl, testBrokers } from './test-engines.js';
export { gapsInWall } from './row-security.js';
export { testServiceDatabase, type TestServiceDatabase } from './test-service-database.js';
export { testIssuer, type TestIssuer } from './test-issuer.js';
export { testKeys, type TestKeys, type TestSigner } from './test-keys.js';
export { PlainKafka, testTopicPrefix, type PlainRecord, type StoredRecord } from './test-kafka.js';
export { until, type UntilOptions } from './until.js';
