/** Whose words a field holds: the system's own, the user's, or a stranger's text (a ticket, a mail), which instructs nobody. */
export type Trust = 'system' | 'user' | 'untrusted';

/** A view on one type of record: the read tool that fetches it, and the fields a model is shown of it. Nothing else is shown. */
export interface Source {
  readonly name: string;
  /** The read tool that fetches it, with this argument for its id. */
  readonly tool: string;
  readonly argument: string;
  /** The record type it reads, as `recordsRead` names it. */
  readonly record: string;
  /** Fields of the tool's output that the model sees, with whose words they hold. Dotted paths; a list's fields once. */
  readonly fields: Readonly<Record<string, Trust>>;
  /** Fewer fields while only these tools' actions are open to the model: the first step that fits counts. */
  readonly steps?: readonly { readonly tools: readonly string[]; readonly fields: readonly string[] }[];
  /** In ms. What was read longer ago is read again before a turn. */
  readonly freshForMs: number;
}
