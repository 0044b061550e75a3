import { MessagingTables1700000000000 } from '@countersign/messaging';

export const migrations = [MessagingTables1700000000000];
