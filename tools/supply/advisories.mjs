import { jsonOf, npm, wordsOf } from './npm.mjs';

const SEVERITIES = ['critical', 'high', 'moderate', 'low', 'info'];
// A registry that is away is said at once: nothing waits for it.
const ASKED_ONCE = ['--fetch-retries=0', '--fetch-timeout=30000'];

/** Prints what the registry knows against what is installed. It is a report: the exit code is 0 whatever it says. */
export function advisories(root) {
  const said = npm(root, ['audit', '--json', ...ASKED_ONCE]);
  const answer = jsonOf(said.stdout);
  const counts = answer?.metadata?.vulnerabilities;
  if (!counts) {
    console.log(`advisories: not known, the registry gave no answer (${answer?.message ?? wordsOf(said)})`);
    console.log(
      '  Ask again where the registry answers audits; that nothing stands here does not mean that nothing is known.',
    );
    return 0;
  }
  const told = SEVERITIES.map((severity) => `${counts[severity]} ${severity}`).join(', ');
  console.log(`advisories: ${told} (packages of npm; of Kafka's jars and PostgreSQL it knows nothing)`);
  for (const line of linesOf(answer.vulnerabilities)) console.log(`  ${line}`);
  return 0;
}

/** A line an advisory; a package that is only named because it needs such a one has none of its own. */
function linesOf(vulnerabilities) {
  return Object.values(vulnerabilities)
    .flatMap(({ name, via, fixAvailable }) =>
      via.filter((one) => typeof one === 'object').map((advisory) => ({ name, advisory, fixAvailable })),
    )
    .sort((one, other) => rank(one) - rank(other))
    .map(
      ({ name, advisory: { severity, range, title, url }, fixAvailable }) =>
        `${severity.padEnd(8)}  ${name} ${range}: ${title} (${url}); ${wayOut(fixAvailable)}`,
    );
}
const rank = ({ advisory }) => SEVERITIES.indexOf(advisory.severity);

function wayOut(fix) {
  if (!fix) return 'no mended version';
  return fix === true ? 'mended within the ranges asked for: npm update' : `mended by ${fix.name}@${fix.version}`;
}
