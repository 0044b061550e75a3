import { messagingContract } from '../contract/messaging.contract.js';
import { workContract } from '../contract/work.contract.js';
import { kafkaWorld } from '../contract/kafka-world.js';

messagingContract('Kafka and PostgreSQL', kafkaWorld);
workContract('Kafka and PostgreSQL', kafkaWorld);
