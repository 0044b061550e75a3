import { MessagingTables1700000000000 } from '@countersign/messaging';

/** The planner reads nothing over HTTP: its state is the messaging tables' alone. */
export const migrations = [MessagingTables1700000000000];
