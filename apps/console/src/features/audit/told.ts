import type { GetV1ErasuresResponse, GetV1RevealsResponse } from '../../api/generated/index.js';
import { fieldName } from '../../ui/record-name.js';

export type Reveal = GetV1RevealsResponse['data'][number];
export type Erasure = GetV1ErasuresResponse['data'][number];

/** The fields that were opened, each once: "preview › effect › customer, arguments › reason". */
export const fieldsOf = (opened: readonly { path: string }[]): string =>
  [...new Set(opened.map(({ path }) => fieldName(path)))].join(', ');

export const valuesWords = (count: number): string => (count === 1 ? '1 sealed value' : `${count} sealed values`);

/** What an erasure came to. Asking once more destroys nothing more. */
export const erasureWords = ({ keys, values }: { keys: number; values: number }): string =>
  keys === 0
    ? 'nothing was kept of them any more'
    : `${keys === 1 ? '1 key was' : `${keys} keys were`} destroyed: ${valuesWords(values)} will never open again`;

/** The API's own bounds for a reason. */
export const isReason = (text: string): boolean => text.trim().length >= 10 && text.trim().length <= 500;
