/* The words that more than one part of a case is made of. */
import { z } from 'zod';
import { CODE_NAMES } from '@countersign/contracts';

export const word = z.string().min(1).max(200);
export const text = z.string().max(32_768);
export const jsonObject = z.record(z.string(), z.json());
export const amount = z
  .string()
  .regex(/^-?\d{1,15}(\.\d{1,4})?$/)
  .describe('A decimal number, quoted');
export const code = z.enum(CODE_NAMES);
export const tool = word.describe('Name of a tool');
export const recordType = word.describe('As the system of record calls it, such as order');
export const recordId = word.describe('Id of a record');

/** A tenant of the case's own: both are fresh for each case, and nobody else is in them. */
export const CASE_TENANTS = ['own', 'other'] as const;
export type CaseTenant = (typeof CASE_TENANTS)[number];
export const tenant = z.enum(CASE_TENANTS).describe("One of the case's two tenants, which nobody else is in");
