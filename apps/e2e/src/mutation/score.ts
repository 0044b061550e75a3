/** What is read of Stryker's report (mutation-testing-report-schema 2). */
export interface MutationReport {
  files: Record<string, { mutants: Mutant[] }>;
}
interface Mutant {
  status: string;
  mutatorName: string;
  replacement?: string;
  location: { start: { line: number } };
}

/** Faults the specs found, of those that could be tried at all: what did not compile, or was left out, is none. */
export function scoreOf({ files }: MutationReport): { score: number; found: number; missed: string[] } {
  const all = Object.entries(files).flatMap(([file, { mutants }]) => mutants.map((mutant) => ({ file, ...mutant })));
  const found = all.filter(({ status }) => ['Killed', 'Timeout'].includes(status)).length;
  const missed = all
    .filter(({ status }) => ['Survived', 'NoCoverage'].includes(status))
    .map(({ file, location, mutatorName, replacement }) => {
      const instead = replacement === undefined ? '' : `: ${replacement.replaceAll(/\s+/g, ' ').slice(0, 120)}`;
      return `${file}:${location.start.line} ${mutatorName}${instead}`;
    });
  const tried = found + missed.length;
  return { score: tried === 0 ? 0 : (found / tried) * 100, found, missed };
}
