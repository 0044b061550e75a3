import type { Dispatcher } from 'undici';
import type { VirtualClock } from './clock.js';
import type { Network } from './network.js';

export interface Effect {
  key: string;
  tool: string;
  caseId: string;
  amount: string;
  /** True time. */
  at: number;
}

interface Asked {
  method: string;
  path: string;
  body: Record<string, string>;
  key: string;
  notAfter: number | undefined;
}
interface Said {
  status: number;
  body: unknown;
}

const TOO_LATE: Said = { status: 412, body: { code: 'TOO_LATE' } };

/**
 * The system of record: keeps keys for what is paid (class A), versions of what is booked (B), references of what is posted (C), and
 * nothing of letters (D). Its ledger is what the judge goes by. It refuses what comes after its `countersign-not-after`.
 */
export class Bank {
  readonly ledger: Effect[] = [];
  private readonly kept = new Map<string, Said>();
  private readonly versions = new Map<string, number>();

  constructor(
    private readonly clock: VirtualClock,
    /** Within what clocks may differ. */
    private readonly skewMs: number,
  ) {}

  /** What the executor has for a connection to it. */
  over(network: Network, garbage: () => boolean): Pick<Dispatcher, 'request' | 'destroy'> {
    const request = async (options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> => {
      const asked = readRequest(options);
      const { status, body } = await abortable(
        network.wire(`bank ${asked.method}`, () => this.answer(asked)),
        options,
      );
      const text = garbage() ? '<html>sorry' : JSON.stringify(body);
      return { statusCode: status, body: { text: async () => text } } as unknown as Dispatcher.ResponseData;
    };
    return { request, destroy: async () => {} } as Pick<Dispatcher, 'request' | 'destroy'>;
  }

  private answer(asked: Asked): Said {
    const [, what = '', id = ''] = asked.path.split('/');
    if (asked.method === 'GET')
      return what === 'cases' ? ok({ version: String(this.version(id)) }) : ok({ number: this.numberOf(id) });
    if (asked.notAfter !== undefined && this.clock.now() + this.skewMs > asked.notAfter) return TOO_LATE;
    switch (what) {
      case 'pay': {
        const known = this.kept.get(asked.key);
        if (known) return known;
        const said = this.act(what, asked);
        this.kept.set(asked.key, said);
        return said;
      }
      case 'book': {
        if (asked.body['version'] !== String(this.version(asked.body['caseId']!)))
          return { status: 412, body: { code: 'MOVED' } };
        this.versions.set(asked.body['caseId']!, this.version(asked.body['caseId']!) + 1);
        return this.act(what, asked);
      }
      default:
        return this.act(what, asked);
    }
  }

  private act(tool: string, { key, body }: Asked): Said {
    this.ledger.push({ key, tool, caseId: body['caseId']!, amount: body['amount']!, at: this.clock.now() });
    return ok({ number: `no-${this.ledger.length}` });
  }

  private numberOf(key: string): string | null {
    const at = this.ledger.findIndex((effect) => effect.key === key);
    return at < 0 ? null : `no-${at + 1}`;
  }

  private version(caseId: string): number {
    return this.versions.get(caseId) ?? 1;
  }
}

const ok = (body: object): Said => ({ status: 200, body });

function readRequest({ method, path, body, headers }: Dispatcher.RequestOptions): Asked {
  const given = headers as Record<string, string>;
  const limit = given['countersign-not-after'];
  return {
    ...{ method, path: String(path), key: given['idempotency-key'] ?? '' },
    body: typeof body === 'string' ? (JSON.parse(body) as Record<string, string>) : {},
    notAfter: limit === undefined ? undefined : Number(limit),
  };
}

function abortable<T>(answer: Promise<T>, { signal }: Dispatcher.RequestOptions): Promise<T> {
  const until = signal as AbortSignal | undefined;
  if (!until) return answer;
  answer.catch(() => {}); // nobody may wait for it any more
  return new Promise((resolve, reject) => {
    const abort = () => reject(until.reason as Error);
    if (until.aborted) return abort();
    until.addEventListener('abort', abort, { once: true });
    answer.then(resolve, reject).finally(() => until.removeEventListener('abort', abort));
  });
}
