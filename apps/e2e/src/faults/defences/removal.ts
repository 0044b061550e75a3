/** How a defence is taken out: the text that is it, in a built file, and what stands there without it. */
export interface Removal {
  /** Of this workspace, as built. */
  file: string;
  find: string;
  replace: string;
}

/** A defence that moved must not pass for one that was taken out. */
export function without(source: string, { file, find, replace }: Removal): string {
  const times = source.split(find).length - 1;
  if (times !== 1) throw new Error(`${file} has ${times} times instead of once what is to be taken out: ${find}`);
  return source.replace(find, () => replace);
}

/** A file of this workspace without all of these that stand in it; undefined where none does. */
export function rewritten(removals: readonly Removal[], file: string, source: () => string): string | undefined {
  const here = removals.filter((removal) => removal.file === file);
  return here.length === 0 ? undefined : here.reduce(without, source());
}
