interface Switch {
  scope: string;
  killed: boolean;
}

/** The switches that are on and stop something of this tenant's. */
export const inForceFor = <S extends Switch>(switches: readonly S[], tenant: string): S[] =>
  switches.filter(
    ({ scope, killed }) => killed && (!scope.startsWith('kill/tenant/') || scope === `kill/tenant/${tenant}`),
  );

/** What a scope stops, in words. */
export function saysOfScope(scope: string): string {
  const [, kind, ...rest] = scope.split('/');
  const name = rest.join('/');
  switch (kind) {
    case '*':
      return 'Everything is stopped';
    case 'tenant':
      return `Everything of ${name} is stopped`;
    case 'workflow':
      return `The workflow ${name} is stopped`;
    case 'tool':
      return `The tool ${name.replaceAll('_', ' ')} is stopped`;
    default:
      return `${scope} is stopped`;
  }
}
