import { CODES, type Code } from './codes.js';

/** `docs/codes.md`, as `npm run docs` writes it and a spec compares it. */
export function codesPage(): string {
  const lines = (Object.keys(CODES) as Code[]).map(
    (code) => `- \`${code}\` (${CODES[code].status}): ${CODES[code].nextStep}`,
  );
  return `# Codes

Every refusal carries one of these codes, with what happened (\`detail\`) and what to do next (\`nextStep\`). The number is the
status over HTTP. Made from \`libs/contracts/src/codes.ts\` by \`npm run docs\`.

${lines.join('\n')}
`;
}
