import { messagingMigrations } from '@countersign/messaging';

/** The planner reads nothing over HTTP: its state is the messaging tables' alone. */
export const migrations = messagingMigrations;
