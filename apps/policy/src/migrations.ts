import { messagingMigrations } from '@countersign/messaging';

export const migrations = messagingMigrations;
