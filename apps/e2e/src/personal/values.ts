import { inLetters } from '../target.js';

/** What kind of personal value; `id` is a number by which a state knows a person. `name` and `address` have no shape: only a class hides them. */
export type Kind = 'iban' | 'card' | 'email' | 'phone' | 'id' | 'name' | 'address';

export interface PersonalValue {
  kind: Kind;
  /** As a person would write it, without gaps. */
  plain: string;
  /** As it is printed on a card or a letter; the same as `plain` where nothing is grouped. */
  grouped: string;
}

export const SHAPED: readonly Kind[] = ['email', 'iban', 'card', 'phone', 'id'];

/** mulberry32: the same values for the same seed. */
export function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

/** Values that are valid and stand nowhere else, one after the other. */
export class Values {
  readonly made: PersonalValue[] = [];
  readonly #random: (below: number) => number;
  readonly #seen = new Set<string>();

  constructor(private readonly seed: number) {
    this.#random = numbers(seed);
  }

  next(kind: Kind): PersonalValue {
    for (;;) {
      const value = this.make(kind);
      if (this.#seen.has(value.plain)) continue;
      this.#seen.add(value.plain);
      this.made.push(value);
      return value;
    }
  }

  private make(kind: Kind): PersonalValue {
    switch (kind) {
      case 'iban':
        return this.iban();
      case 'card':
        return this.card();
      case 'email': {
        const plain = `${this.word()}.${this.word()}@${this.word()}.${this.of(['example.com', 'example.org', 'test'])}`;
        return { kind, plain, grouped: plain };
      }
      case 'phone':
        return this.phone();
      case 'id':
        return this.id();
      case 'name': {
        const plain = `${this.title()} ${this.title()}`;
        return { kind, plain, grouped: plain };
      }
      case 'address': {
        const plain = `${this.title()}weg ${1 + this.#random(98)}, ${this.digits(5)} ${this.title()}`;
        return { kind, plain, grouped: plain };
      }
      default:
        return kind satisfies never;
    }
  }

  private iban(): PersonalValue {
    const [country, letters, digits] = this.of(IBANS);
    const account = `${this.letters(letters).toUpperCase()}${this.digits(digits)}`;
    const plain = `${country}${checkDigits(country, account)}${account}`;
    return { kind: 'iban', plain, grouped: plain.replace(/.{4}(?=.)/g, '$& ') };
  }

  private card(): PersonalValue {
    const [starts, length] = this.of(CARDS);
    const body = `${starts}${this.digits(length - starts.length - 1)}`;
    const plain = `${body}${luhnDigit(body)}`;
    const grouped = length === 15 ? plain.replace(/^(.{4})(.{6})/, '$1 $2 ') : plain.replace(/.{4}(?=.)/g, '$& ');
    return { kind: 'card', plain, grouped };
  }

  private phone(): PersonalValue {
    const country = this.of(['49', '44', '33', '41', '31']);
    const rest = `${1 + this.#random(9)}${this.digits(9)}`;
    return { kind: 'phone', plain: `+${country}${rest}`, grouped: `+${country} ${rest.slice(0, 3)} ${rest.slice(3)}` };
  }

  private id(): PersonalValue {
    const digits = this.digits(8);
    const ssn = `${100 + this.#random(500)}-${10 + this.#random(89)}-${1000 + this.#random(8999)}`;
    // British national insurance, Spanish identity card, American social security.
    const plain = this.of([`AB${this.digits(6)}C`, `${digits}${DNI_LETTERS[Number(digits) % 23]}`, ssn]);
    return { kind: 'id', plain, grouped: plain };
  }

  /** No word of any language, so that it stands nowhere by chance. */
  private word(): string {
    return `${this.of(SYLLABLES)}${this.of(SYLLABLES)}${inLetters(this.seed % 1000)}${this.letters(3)}`;
  }

  private title(): string {
    const word = this.word();
    return word.charAt(0).toUpperCase() + word.slice(1);
  }

  private of<T>(list: readonly T[]): T {
    return list[this.#random(list.length)]!;
  }

  private digits(count: number): string {
    return Array.from({ length: count }, () => this.#random(10)).join('');
  }

  private letters(count: number): string {
    return Array.from({ length: count }, () => String.fromCharCode(97 + this.#random(26))).join('');
  }
}

const DNI_LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE';
const SYLLABLES = ['quo', 'wexi', 'zam', 'brul', 'nytho', 'fip', 'gorv', 'jesk', 'ulmo', 'vart'] as const;
/** Country, letters and digits of the account. */
const IBANS: readonly [string, number, number][] = [
  ['DE', 0, 18],
  ['AT', 0, 16],
  ['GB', 4, 14],
  ['NL', 4, 10],
  ['ES', 0, 20],
  ['PL', 0, 24],
];
const CARDS: readonly [string, number][] = [
  ['4', 16],
  ['53', 16],
  ['37', 15],
  ['6011', 16],
];

/** ISO 13616: mod 97 of the account with the country and 00 behind it. */
function checkDigits(country: string, account: string): string {
  const digits = [...`${account}${country}00`].map((char) => parseInt(char, 36)).join('');
  return String(98n - (BigInt(digits) % 97n)).padStart(2, '0');
}

function luhnDigit(body: string): number {
  const sum = [...body].reverse().reduce((total, char, at) => {
    const digit = Number(char) * (at % 2 === 0 ? 2 : 1);
    return total + (digit > 9 ? digit - 9 : digit);
  }, 0);
  return (10 - (sum % 10)) % 10;
}
