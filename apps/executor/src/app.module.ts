import { Controller, Inject, Module, type DynamicModule } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { DataSource } from 'typeorm';
import { createLogger, messagingSettings, METRICS, openReadModels, parseConfig, startService } from '@countersign/host';
import { createVerifier, VERIFIER } from '@countersign/identity';
import { createMessaging, KAFKA_BATCH, Messaging, type Batch, type Log, type SqlTx } from '@countersign/messaging';
import { loadOpeningKey, sealOpener } from '@countersign/sealing';
import { eventPen, loadKeyRing, loadSigner } from '@countersign/signing';
import { InDoubtController } from './api.controller.js';
import { Attempts } from './attempt.js';
import { Circuit, limitsOf } from './circuits.js';
import { executorConfig, targetSettings, type ExecutorConfig, type TargetSettings } from './config.js';
import { Credentials } from './credentials.js';
import { drained, Drainer } from './drain.js';
import { Gate } from './gate.js';
import { Heartbeats } from './heartbeats.js';
import { McpWire } from './mcp-wire.js';
import { circuitIs, count, drains, forgeries, registry, watch, watchDoubts } from './metrics.js';
import { Doubts, InDoubtRow, noteAsked, project } from './read-model.js';
import { Recheck } from './recheck.js';
import { Sealer } from './sealer.js';
import { SendLock } from './send-lock.js';
import { auditConsumer, CONTROL, controlConsumer, executorConsumer } from './service.js';
import { Target, type TargetParts } from './target-client.js';
import { Toolbox } from './toolbox.js';
import { WarrantBook } from './warrant-book.js';
import { Executor } from './work.js';

/** Of the look after a commit: it holds up what was done by no more. */
const DONE_TIMEOUT_MS = 2_000;

@Controller()
class Inbox {
  constructor(@Inject(Messaging) private readonly messaging: Messaging) {}

  @EventPattern<string>('decisions', KAFKA_BATCH)
  decisions(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }

  @EventPattern<string>('control', KAFKA_BATCH)
  control(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }

  @EventPattern<string>('control-acks', KAFKA_BATCH)
  controlAcks(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }

  @EventPattern<string>('audit', KAFKA_BATCH)
  audit(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }
}

@Module({})
class AppModule {
  static with(config: ExecutorConfig, source: DataSource): DynamicModule {
    const verifier = createVerifier({
      issuer: config.OIDC_ISSUER,
      audience: config.OIDC_AUDIENCE,
      tenantClaim: config.OIDC_TENANT_CLAIM,
      rolesClaim: config.OIDC_ROLES_CLAIM,
    });
    return {
      module: AppModule,
      controllers: [Inbox, InDoubtController],
      providers: [
        { provide: VERIFIER, useValue: verifier },
        { provide: Doubts, useValue: new Doubts(source) },
        { provide: METRICS, useValue: registry },
      ],
      exports: [METRICS],
    };
  }
}

/** Every target the tools name, by name, and their circuits. */
function openTargets(config: ExecutorConfig, toolbox: Toolbox, logger: Log) {
  const credentials = new Credentials(config.COUNTERSIGN_CREDENTIALS_DIR);
  const circuits: Circuit[] = [];
  const targets = new Map<string, Target>();
  for (const [name, settings] of targetSettings(toolbox.targets(), config, process.env)) {
    circuitIs(name, 'closed');
    const circuit = new Circuit(name, (target, state) => {
      circuitIs(target, state);
      logger[state === 'open' ? 'warn' : 'info'](
        { target, state },
        state === 'open' ? 'a target does not answer; it is left alone' : 'a circuit changed',
      );
    });
    circuits.push(circuit);
    targets.set(
      name,
      new Target({ name, concurrency: settings.concurrency, ...placeOf(name, settings.url), circuit, credentials }),
    );
  }
  return { targetOf: (name: string) => targets.get(name)!, limits: () => limitsOf(circuits) };
}

const MCP = /^mcp\+(?=https?:)/;

/** JSON over HTTP, or the Model Context Protocol: over HTTP, or with a process of its own. */
function placeOf(name: string, url: TargetSettings['url']): Pick<TargetParts, 'url' | 'wire'> {
  if (typeof url !== 'string') return { url: `process:${name}`, wire: new McpWire(name, url) };
  if (!MCP.test(url)) return { url };
  const bare = url.replace(MCP, '');
  return { url: bare, wire: new McpWire(name, { url: bare }) };
}

/** The database's time, in ms, and an instant of the monotonic clock that was not after it. */
async function clockOf(sql: SqlTx): Promise<{ now: number; at: number }> {
  const at = performance.now();
  const [row] = await sql.query<{ now: string }>('clock', CLOCK, []);
  return { now: Number(row!.now), at };
}
const CLOCK = `select (extract(epoch from clock_timestamp()) * 1000)::text as now`;

export async function start() {
  const config = parseConfig(executorConfig);
  const logger = createLogger('executor', config);
  const keys = config.COUNTERSIGN_KEYS_DIR;
  const model = { model: config.OPENAI_MODEL, baseUrl: config.OPENAI_BASE_URL };
  const toolbox = await Toolbox.load(config.COUNTERSIGN_WORKFLOWS, model);
  const ring = loadKeyRing(keys);
  const book = new WarrantBook(ring);
  const settings = messagingSettings('executor', config, logger);
  const { databaseUrl, instance } = settings;
  const toolOf = toolbox.toolOf.bind(toolbox);
  const sql = () => messaging.sql;
  const sealer = Sealer.fromKeysDir(keys, sql);
  const heartbeats = new Heartbeats(config.COUNTERSIGN_AUDIT_LIMIT_MS);
  watch(heartbeats);
  watchDoubts(sql);
  const { targetOf, limits } = openTargets(config, toolbox, logger);
  const attempts = new Attempts({
    targetOf,
    seal: sealer.seal.bind(sealer),
    opener: sealOpener(sql, loadOpeningKey(keys)),
    directoryOf: toolbox.directoryOf.bind(toolbox),
    statementOf: toolbox.statementOf.bind(toolbox),
    doneTimeoutMs: DONE_TIMEOUT_MS,
  });
  const executor = new Executor({
    book,
    mayBegin: () => messaging.caughtUp(CONTROL) && heartbeats.coversNow(),
    limits,
    heartbeats,
    doubtAfterMs: config.COUNTERSIGN_DOUBT_AFTER_MS,
    lock: new SendLock(databaseUrl, instance),
    gate: new Gate(sql, toolOf, toolbox.fingerprintOf.bind(toolbox)),
    attempts,
    recheck: new Recheck({ attempts, sourceOf: toolbox.sourceOf.bind(toolbox) }),
    toolOf,
    onForged: (row, because) => {
      forgeries.inc({ place: 'work' });
      logger.error({ work: row.id, because }, 'a stored warrant is not what policy signed; nothing is done');
    },
    onAsked: (about, said) => noteAsked(messaging.sql, about, said),
    showsContent: config.OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT,
  });
  const drainer = new Drainer({
    drained: () =>
      drained({
        databaseUrl,
        instance,
        onEnded: (holders) => logger.warn({ holders }, 'senders did not let go in time and were ended'),
      }),
    peers: () => messaging.peers(),
    sql,
    book,
    onDrained: (ms) => drains.observe(ms / 1000),
  });
  const source = await openReadModels({ url: databaseUrl, entities: [InDoubtRow], maxConnections: 2 }, logger);
  const messaging = createMessaging({
    ...settings,
    subscriptions: [
      executorConsumer({
        book,
        ring,
        targetOf: (warrant) => toolOf(warrant)?.contract.target,
        onForged: ({ event, record }, because) => {
          forgeries.inc({ place: 'decisions' });
          logger.warn({ id: event.id, offset: String(record.offset), because }, 'not what policy signed; ignored');
        },
      }),
      auditConsumer({
        ring,
        heartbeats,
        clock: () => clockOf(messaging.sql),
        onForged: ({ event, record }, because) => {
          forgeries.inc({ place: 'audit' });
          logger.warn({ id: event.id, offset: String(record.offset), because }, 'not a heartbeat of audit; ignored');
        },
      }),
      controlConsumer({
        instance,
        ring,
        onForged: ({ event, record }, because) => {
          forgeries.inc({ place: 'control-acks' });
          logger.warn({ id: event.id, offset: String(record.offset), because }, 'not a word of policy; ignored');
        },
      }),
    ],
    workers: [executor, drainer],
    notReady: () => heartbeats.flaw(),
    project,
    committed: count,
    ...eventPen('executor', loadSigner(keys)),
  });
  return startService({ name: 'executor', config, logger, messaging, module: AppModule.with(config, source) });
}
