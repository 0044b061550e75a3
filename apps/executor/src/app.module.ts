import { Controller, Inject, Module, type DynamicModule } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { DataSource } from 'typeorm';
import { createLogger, messagingSettings, METRICS, parseConfig, startService } from '@countersign/host';
import { createVerifier, VERIFIER } from '@countersign/identity';
import { createMessaging, KAFKA_BATCH, Messaging, type Batch } from '@countersign/messaging';
import { loadOpeningKey, sealOpener } from '@countersign/sealing';
import { eventPen, loadKeyRing, loadSigner } from '@countersign/signing';
import { InDoubtController } from './api.controller.js';
import { Attempts } from './attempt.js';
import { executorConfig, targetUrls, type ExecutorConfig } from './config.js';
import { Credentials } from './credentials.js';
import { drained, Drainer } from './drain.js';
import { Gate } from './gate.js';
import { drains, endings, forgeries, registry } from './metrics.js';
import { Doubts, InDoubtRow, project } from './read-model.js';
import { Recheck } from './recheck.js';
import { Sealer } from './sealer.js';
import { SendLock } from './send-lock.js';
import { CONTROL, controlConsumer, executorConsumer } from './service.js';
import { Target } from './target-client.js';
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

/** Every target the tools name, by name. */
function openTargets(config: ExecutorConfig, toolbox: Toolbox): (name: string) => Target {
  const credentials = new Credentials(config.COUNTERSIGN_CREDENTIALS_DIR);
  const urls = targetUrls(toolbox.targets(), config.COUNTERSIGN_TARGETS, process.env);
  const targets = new Map([...urls].map(([name, url]) => [name, new Target(name, url, credentials)]));
  return (name) => targets.get(name)!;
}

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
  const attempts = new Attempts({
    targetOf: openTargets(config, toolbox),
    seal: sealer.seal.bind(sealer),
    opener: sealOpener(sql, loadOpeningKey(keys)),
    directoryOf: toolbox.directoryOf.bind(toolbox),
    statementOf: toolbox.statementOf.bind(toolbox),
    doneTimeoutMs: DONE_TIMEOUT_MS,
  });
  const executor = new Executor({
    book,
    mayBegin: () => messaging.caughtUp(CONTROL),
    lock: new SendLock(databaseUrl, instance),
    gate: new Gate(sql, toolOf, toolbox.fingerprintOf.bind(toolbox)),
    attempts,
    recheck: new Recheck({ attempts, sourceOf: toolbox.sourceOf.bind(toolbox) }),
    toolOf,
    onForged: (row, because) => {
      forgeries.inc({ place: 'work' });
      logger.error({ work: row.id, because }, 'a stored warrant is not what policy signed; nothing is done');
    },
    onEnding: ({ tool }, { tag }) => endings.inc({ tool, ending: tag }),
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
  const source = new DataSource({
    type: 'postgres',
    url: databaseUrl,
    entities: [InDoubtRow],
    extra: { max: 2 },
  });
  await source.initialize();
  const messaging = createMessaging({
    ...settings,
    subscriptions: [
      executorConsumer({
        book,
        targetOf: (warrant) => toolOf(warrant)?.contract.target,
        onForged: ({ event, record }, because) => {
          forgeries.inc({ place: 'decisions' });
          logger.warn({ id: event.id, offset: String(record.offset), because }, 'not a warrant of policy; ignored');
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
    project,
    ...eventPen('executor', loadSigner(keys)),
  });
  return startService({ name: 'executor', config, logger, messaging, module: AppModule.with(config, source) });
}
