/** Hands a text to the browser as a file of this name. */
export function download(
  name: string,
  text: string,
  type: 'application/json' | 'application/x-ndjson' | 'application/yaml' | 'text/csv',
): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken the text by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
