import { digest, type Json } from '@countersign/contracts';

/** A tool as a server declares it (`tools/list`): hostile until somebody reviewed it. */
export interface Declaration {
  name: string;
  title?: string | undefined;
  description?: string | undefined;
  inputSchema: Record<string, unknown>;
  outputSchema?: Record<string, unknown> | undefined;
  annotations?: Record<string, unknown> | undefined;
}

/**
 * SHA-256 over all of a declaration that a model or a reviewer goes by. A server that says something else of a tool than was reviewed
 * has another one, and the tool is not called.
 */
export function declarationDigest(declared: Declaration): string {
  const { name, title, description, inputSchema, outputSchema, annotations } = declared;
  const said = { name, title, description, inputSchema, outputSchema, annotations };
  return digest(JSON.parse(JSON.stringify(said)) as Json);
}
