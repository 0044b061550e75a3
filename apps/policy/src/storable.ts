/** Whether JSON holds what no row can: U+0000, or half a character. By its escapes: backslashes that stand for themselves and whole pairs are taken out first. */
export const unstorable = (json: string) =>
  json.includes('\\u') &&
  /\\u0000|\\u[dD][89a-fA-F]/.test(json.replace(/\\\\|\\u[dD][89abAB]..\\u[dD][c-fC-F]../g, ''));
