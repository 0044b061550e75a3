export { Client, type CallOptions, type ClientOptions, type SendOptions, type WaitOptions } from './client.js';
export type { FieldFlaw } from '@countersign/contracts';
export { CountersignError } from './errors.js';
export { isEnded, needsPerson, type ActionState, type ApprovalState, type IntentState, type Sent } from './answers.js';
export type { ActionRequest, IntentRequest } from './requests.js';
export type { TokenSource } from './token.js';
