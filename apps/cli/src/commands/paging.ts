import { InvalidArgumentError, type Command } from 'commander';

export interface PageOptions {
  limit?: number;
  cursor?: string;
}

export interface Page<T> {
  data: T[];
  nextCursor?: string | null;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 500) throw new InvalidArgumentError('a number from 1 to 500');
  return value;
}

export const pageOptions = (command: Command): Command =>
  command.option('--limit <n>', 'at most so many', count).option('--cursor <cursor>', 'go on where a page ended');
