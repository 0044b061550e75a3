/** Where the model's turns come from: the case, the deterministic stand-in, or a real endpoint. */
export const MODEL_MODES = ['recorded', 'stand-in', 'live'] as const;
export type ModelMode = (typeof MODEL_MODES)[number];
