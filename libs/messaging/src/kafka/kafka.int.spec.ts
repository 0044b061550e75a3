import { instancesContract } from '../contract/instances.contract.js';
import { kafkaWorld } from '../contract/kafka-world.js';
import { messagingContract } from '../contract/messaging.contract.js';
import { workContract } from '../contract/work.contract.js';

messagingContract('Kafka and PostgreSQL', kafkaWorld);
workContract('Kafka and PostgreSQL', kafkaWorld);
instancesContract('Kafka and PostgreSQL', kafkaWorld);
