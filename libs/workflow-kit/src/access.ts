import type { ToolContract } from '@countersign/tool-sdk';

/**
 * How a question whether somebody may do something becomes a call of a tool: AuthZEN's resource and what else the call needs.
 *
 * @example
 * access: { issue_refund: { resource: 'order', arguments: { orderId: 'resource.id', amount: 'resource.properties.amount' } } }
 */
export interface AccessMapping {
  /** The type of resource the tool is about. A question about another type is answered with no. */
  readonly resource: string;
  /**
   * Per input of the tool, where its value stands: `subject.id`, `subject.email` (of the directory, never the caller's word),
   * `resource.id`, `context.NAME`, or `subject.`, `action.` or `resource.properties.NAME`. What is not there is left out.
   */
  readonly arguments: Readonly<Record<string, string>>;
}

const PLACE =
  /^(subject\.(id|email)|resource\.id|(subject|action|resource)\.properties\.[A-Za-z][\w-]{0,63}|context\.[A-Za-z][\w-]{0,63})$/;

/** What its mappings name that is not there, or leave out. A tool whose inputs cannot all be said could never be asked about. */
export function accessFlaws(
  access: Readonly<Record<string, AccessMapping>>,
  known: ReadonlyMap<string, ToolContract>,
): string[] {
  return Object.entries(access).flatMap(([name, mapping]) => {
    const tool = known.get(name);
    if (!tool) return [`access names the unknown tool ${name}`];
    return mappingFlaws(mapping, tool).map((flaw) => `access of ${name} ${flaw}`);
  });
}

function mappingFlaws({ resource, arguments: places }: AccessMapping, { input: { shape } }: ToolContract): string[] {
  const unsaid = Object.keys(shape).filter(
    (input) => !Object.hasOwn(places, input) && !shape[input]!.safeParse(undefined).success,
  );
  return [
    ...(resource === '' ? ['names no type of resource'] : []),
    ...Object.keys(places)
      .filter((input) => !Object.hasOwn(shape, input))
      .map((input) => `names ${input}, which is no input`),
    ...Object.values(places)
      .filter((place) => !PLACE.test(place))
      .map((place) => `takes a value from ${place}, which is no place in a question`),
    ...(unsaid.length > 0 ? [`says no place of ${unsaid.join(', ')}`] : []),
  ];
}
