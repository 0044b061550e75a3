import type { FastifyInstance } from 'fastify';
import {
  Controller,
  Inject,
  Module,
  type DynamicModule,
  type Provider,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import {
  createLogger,
  messagingSettings,
  METRICS,
  openReadModels,
  parseConfig,
  readSecretKey,
  startService,
} from '@countersign/host';
import { createVerifier, VERIFIER, type Verifier } from '@countersign/identity';
import { createMessaging, KAFKA_BATCH, Messaging, type Batch } from '@countersign/messaging';
import { loadKeyRing, plainEncoder } from '@countersign/signing';
import { loadWorkflows } from '@countersign/workflow-kit';
import { Accepting } from './accepting.js';
import { AccessReviewController } from './access-review.controller.js';
import { DiscoveryController, PUBLIC_URL } from './authzen/discovery.controller.js';
import { CatalogController, WORKFLOWS } from './catalog.controller.js';
import { ControlAcks, CONTROL_CONSUMER, controlConsumer } from './control-acks.js';
import { ControlController, CONTROL_WAITING } from './control.controller.js';
import { gatewayConfig, upstreamsOf, type GatewayConfig } from './config.js';
import { DocumentsController, TOPIC_PREFIX } from './documents.controller.js';
import { Drafts } from './draft-list.js';
import { DraftsController } from './drafts.controller.js';
import { registerForwarding, registerHeaders } from './forwarding.js';
import type { OnForged } from './genuine.js';
import { IngressController } from './ingress.controller.js';
import { registerRequests, registry, untrusted } from './metrics.js';
import { PAGE_DIR, registerPage } from './page/register-page.js';
import { MCP_SETTINGS, McpController, McpMetadataController, type McpSettings } from './mcp/mcp.controller.js';
import { OperationsController } from './operations.controller.js';
import { IntentEventRow, IntentEvents } from './read-model.js';
import { Requests } from './requests.js';
import { SignInProvider } from './session/provider.js';
import { registerSession, type SessionRoutes } from './session/register-session.js';
import { Sessions } from './session/sessions.js';
import { Changes } from './stream/changes.js';
import { Feed } from './stream/feed.js';
import { StreamController } from './stream/stream.controller.js';
import { Sweeper } from './sweeper.js';
import { gatewayConsumer } from './service.js';
import { Services } from './services.js';
import { RunsController } from './runs.controller.js';
import { ToldRuns } from './told-runs.js';
import { StatusController } from './status.controller.js';
import { Status } from './status-reader.js';
import { Waiting } from './waiting.js';

@Controller()
class Inbox {
  constructor(@Inject(Messaging) private readonly messaging: Messaging) {}

  @EventPattern<string>('decisions', KAFKA_BATCH)
  decisions(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }

  @EventPattern<string>('results', KAFKA_BATCH)
  results(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }

  @EventPattern<string>('replies', KAFKA_BATCH)
  replies(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }

  @EventPattern<string>('approvals', KAFKA_BATCH)
  approvals(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }

  @EventPattern<string>('control-acks', KAFKA_BATCH)
  controlAcks(@Payload() batch: Batch) {
    return this.messaging.handle(batch);
  }
}

const CONFIG = Symbol('gateway-config');
const SESSION = Symbol('session-routes');

@Module({})
class AppModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(HttpAdapterHost) private readonly http: HttpAdapterHost,
    @Inject(CONFIG) private readonly config: GatewayConfig,
    @Inject(SESSION) private readonly session: SessionRoutes,
    @Inject(DataSource) private readonly source: DataSource,
  ) {}

  /** Routes that are not Nest's: forwarded ones keep their bytes. */
  async onModuleInit() {
    const instance = this.http.httpAdapter.getInstance<FastifyInstance>();
    registerHeaders(instance);
    registerRequests(instance);
    registerSession(instance, this.session);
    await registerPage(instance, this.config.COUNTERSIGN_CONSOLE_DIR ?? PAGE_DIR, this.session.logger);
    await registerForwarding(instance, upstreamsOf(this.config));
  }

  onApplicationShutdown() {
    return this.source.destroy();
  }

  static with(providers: Provider[]): DynamicModule {
    return {
      module: AppModule,
      controllers: [
        Inbox,
        IngressController,
        StatusController,
        CatalogController,
        RunsController,
        AccessReviewController,
        ControlController,
        DraftsController,
        OperationsController,
        DiscoveryController,
        McpController,
        McpMetadataController,
        DocumentsController,
        StreamController,
      ],
      providers: [{ provide: METRICS, useValue: registry }, Sweeper, ...providers],
      exports: [METRICS],
    };
  }
}

export async function start(env: NodeJS.ProcessEnv = process.env) {
  const config = parseConfig(gatewayConfig, env);
  const logger = createLogger('gateway', config);
  const model = { model: config.OPENAI_MODEL, baseUrl: config.OPENAI_BASE_URL };
  const workflows = await loadWorkflows(config.COUNTERSIGN_WORKFLOWS, model);
  const source = await openReadModels(
    { url: config.DATABASE_URL, entities: [IntentEventRow], maxConnections: 8 },
    logger,
  );
  const ring = loadKeyRing(config.COUNTERSIGN_KEYS_DIR);
  const onForged = forgedReport(logger);
  const messaging: Messaging = createMessaging({
    ...messagingSettings('gateway', config, logger),
    subscriptions: [gatewayConsumer, controlConsumer(ring, onForged)],
    workers: [],
    // What is said here of switches and stages is what the log says: whoever starts the system goes by it.
    notReady: () =>
      messaging.caughtUp(CONTROL_CONSUMER) ? undefined : 'it has not read all that was said of switches and stages',
    encode: plainEncoder('gateway'),
  });
  const verifier = verifierOf(config);
  const events = new IntentEvents(source);
  const requests = new Requests(messaging.sql);
  const acks = new ControlAcks(messaging.sql);
  const onFailure = (err: unknown) => logger.warn({ err }, 'looking for changes failed; trying again');
  const changes = new Changes(messaging.sql);
  const waiting = new Waiting((ids) => events.counts(ids), onFailure);
  const module = AppModule.with([
    { provide: CONFIG, useValue: config },
    { provide: DataSource, useValue: source },
    { provide: VERIFIER, useValue: verifier },
    { provide: SESSION, useValue: sessionRoutes(config, verifier, logger) },
    { provide: IntentEvents, useValue: events },
    { provide: Requests, useValue: requests },
    { provide: Accepting, useValue: new Accepting(messaging, requests) },
    { provide: MCP_SETTINGS, useValue: mcpSettings(config) },
    { provide: Changes, useValue: changes },
    { provide: Feed, useValue: new Feed(changes, onFailure) },
    { provide: Status, useValue: new Status(events, requests, waiting, ring, onForged) },
    { provide: ToldRuns, useValue: new ToldRuns(messaging.sql) },
    { provide: Drafts, useValue: new Drafts(events, ring, onForged) },
    { provide: ControlAcks, useValue: acks },
    { provide: CONTROL_WAITING, useValue: new Waiting((causes) => acks.counts(causes), onFailure) },
    { provide: Services, useValue: new Services(upstreamsOf(config)) },
    { provide: WORKFLOWS, useValue: workflows },
    { provide: PUBLIC_URL, useValue: config.PUBLIC_URL },
    { provide: TOPIC_PREFIX, useValue: config.TOPIC_PREFIX },
  ]);
  return startService({ name: 'gateway', config, logger, messaging, module, parkedRoutes: false });
}

const verifierOf = (config: GatewayConfig) =>
  createVerifier({
    issuer: config.OIDC_ISSUER,
    audience: config.OIDC_AUDIENCE,
    tenantClaim: config.OIDC_TENANT_CLAIM,
    rolesClaim: config.OIDC_ROLES_CLAIM,
  });

const mcpSettings = (config: GatewayConfig): McpSettings => ({
  issuer: config.OIDC_ISSUER,
  publicUrl: config.PUBLIC_URL,
  key: readSecretKey(config.COUNTERSIGN_KEYS_DIR, 'session.key'),
});

function sessionRoutes(config: GatewayConfig, verifier: Verifier, logger: Logger): SessionRoutes {
  const provider = new SignInProvider({
    issuer: config.OIDC_ISSUER,
    clientId: config.OIDC_CONSOLE_CLIENT_ID,
    clientSecret: config.OIDC_CONSOLE_CLIENT_SECRET,
    scope: config.OIDC_CONSOLE_SCOPE,
  });
  const key = readSecretKey(config.COUNTERSIGN_KEYS_DIR, 'session.key');
  return { provider, sessions: new Sessions({ key, verifier, provider }), publicUrl: config.PUBLIC_URL, logger };
}

const forgedReport =
  (logger: Logger): OnForged =>
  ({ topic, partition, offset, type }, because) => {
    untrusted.inc({ type });
    logger.warn({ topic, partition, offset, because }, 'an event is not what its service signed; not shown');
  };
