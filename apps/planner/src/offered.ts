import { inputJsonSchema, type ToolContract } from '@countersign/tool-sdk';

/** A tool as the model is told of it. */
export interface Offered {
  name: string;
  description: string;
  parameters: Record<string, unknown>;
}

const known = new WeakMap<ToolContract, Offered>();

export function offered(contract: ToolContract): Offered {
  const one = known.get(contract) ?? {
    name: contract.name,
    description: contract.description,
    parameters: inputJsonSchema(contract),
  };
  known.set(contract, one);
  return one;
}
