/** The end user's bearer token, or what gets a fresh one; asked again before every attempt. */
export type TokenSource = string | (() => string | Promise<string>);

export const tokenOf = async (source: TokenSource): Promise<string> =>
  typeof source === 'string' ? source : await source();
