import { withoutBoxes, type AnyEvent, type DataClass, type Json } from '@countersign/contracts';
import { mapTexts, shapesIn, tokenPlaces, withOpened } from '@countersign/sealing';

type Kind = 'email' | 'phone' | 'iban' | 'card' | 'name' | 'secret' | 'text';

/**
 * Made-up values in place of what is hidden: of the same shape, and the same one wherever the same value stands. What is sealed stays
 * sealed: a shape is told by the field's name and class, or by the words themselves where nobody sealed them.
 */
export class StandIns {
  private readonly tokens = new Map<string, Json>();
  private readonly shapes = new Map<string, string>();
  private readonly counts = new Map<Kind, number>();

  constructor(events: readonly AnyEvent[]) {
    const places = events.flatMap(({ data }) => [...tokenPlaces(data as Json)]);
    // A field says more of what a token stands for than a text that it is quoted in.
    for (const { token, path, dataClass } of [...places.filter((place) => place.dataClass), ...places])
      if (!this.tokens.has(token)) this.tokens.set(token, this.next(kindOf(path, dataClass)));
  }

  /** How many values are made up. */
  get count(): number {
    return this.tokens.size + this.shapes.size;
  }

  json<T extends Json>(value: T): T;
  json(value: Json): Json {
    return withOpened(
      mapTexts(withoutBoxes(value), (text) => this.withoutShapes(text)),
      this.tokens,
    );
  }

  private withoutShapes(text: string): string {
    let shown = '';
    let at = 0;
    for (const { start, end, value } of shapesIn(text)) {
      shown += text.slice(at, start) + this.shape(value);
      at = end;
    }
    return shown + text.slice(at);
  }

  private shape(value: string): string {
    const known = this.shapes.get(value);
    if (known !== undefined) return known;
    const made = this.next(kindOfWords(value));
    this.shapes.set(value, made);
    return made;
  }

  private next(kind: Kind): string {
    const n = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, n);
    return MADE[kind](n);
  }
}

/** Of domains, numbers and banks that are nobody's, as far as there are such. */
const MADE: Record<Kind, (n: number) => string> = {
  email: (n) => `person-${n}@example.com`,
  // Numbers that no network gives out: https://www.nanpa.com, 555-0100 to 555-0199.
  phone: (n) => `+1202555${String(100 + (n % 100)).padStart(4, '0')}`,
  iban: (n) => iban(`50010517${String(n).padStart(10, '0')}`),
  card: (n) => card(`411111${String(n).padStart(9, '0')}`),
  name: (n) => `Person ${n}`,
  secret: (n) => `made-up-secret-${n}`,
  text: (n) => `made-up-${n}`,
};

function kindOf(path: string, dataClass: DataClass | undefined): Kind {
  const field = path.split('.').findLast((name) => !/^\d+$/.test(name)) ?? '';
  if (/mail/i.test(field)) return 'email';
  if (/phone|mobile|tel$/i.test(field)) return 'phone';
  if (/card/i.test(field)) return 'card';
  if (dataClass === 'financial' || /iban|account/i.test(field)) return 'iban';
  if (dataClass === 'secret') return 'secret';
  if (dataClass === 'personal') return 'name';
  // In words: most of what is sealed there is an address.
  return 'email';
}

function kindOfWords(value: string): Kind {
  if (value.includes('@')) return 'email';
  if (value.startsWith('+')) return 'phone';
  if (/^[A-Z]{2}\d{2}/.test(value)) return 'iban';
  return /^\d{12,19}$/.test(value) ? 'card' : 'text';
}

/** ISO 13616: the check digits make the whole, letters as numbers and country last, 1 modulo 97. D is 13, E is 14. */
const iban = (account: string) => `DE${String(98n - (BigInt(`${account}131400`) % 97n)).padStart(2, '0')}${account}`;

/** ISO/IEC 7812: Luhn. */
function card(digits: string): string {
  const sum = [...digits].reverse().reduce((total, digit, at) => {
    const value = Number(digit) * (at % 2 === 0 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return `${digits}${(10 - (sum % 10)) % 10}`;
}
