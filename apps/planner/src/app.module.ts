import { Controller, Inject, Module } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { Incoming } from '@countersign/contracts';
import { createLogger, messagingSettings, METRICS, parseConfig, startService } from '@countersign/host';
import { createMessaging, KAFKA_BATCH, Messaging, type Batch } from '@countersign/messaging';
import { eventPen, loadKeyRing, loadSigner } from '@countersign/signing';
import { loadWorkflows } from '@countersign/workflow-kit';
import type { z } from 'zod';
import { plannerConfig } from './config.js';
import { count, modelSeconds, registry, untrusted } from './metrics.js';
import { connectModel, type Model } from './model.js';
import { modelSpan } from './model-span.js';
import { planner } from './service.js';
import { deadlineWorker, turnWorker, wakeWorker } from './work.js';

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
}

@Module({ controllers: [Inbox], providers: [{ provide: METRICS, useValue: registry }], exports: [METRICS] })
class AppModule {}

const RETRIES = 5;

type PlannerConfig = z.infer<typeof plannerConfig>;
type Logger = ReturnType<typeof createLogger>;

export async function start() {
  const config = parseConfig(plannerConfig);
  const logger = createLogger('planner', config);
  const keys = config.COUNTERSIGN_KEYS_DIR;
  const { OPENAI_MODEL: model, OPENAI_BASE_URL: baseUrl, MODEL_CONCURRENCY: concurrency } = config;
  const loaded = await loadWorkflows(config.COUNTERSIGN_WORKFLOWS, { model, baseUrl });
  const workflows = new Map([...loaded].map(([name, { workflow }]) => [name, workflow]));
  const showsContent = config.OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT;
  const span = modelSpan({ workflows, model, baseUrl, showsContent });
  const onForged = ({ event, record }: Incoming, because: string) => {
    untrusted.inc({ type: event.type });
    const { topic, offset } = record;
    logger.warn({ type: event.type, id: event.id, topic, offset: String(offset), because }, 'not trusted; ignored');
  };
  const messaging = createMessaging({
    ...messagingSettings('planner', config, logger),
    subscriptions: [planner({ ring: loadKeyRing(keys), workflows, onForged })],
    workers: [
      turnWorker({ workflows, ask: watchedModel(config, logger), model, concurrency, span }),
      wakeWorker(workflows),
      deadlineWorker,
    ],
    committed: count,
    ...eventPen('planner', loadSigner(keys)),
  });
  return startService({ name: 'planner', config, logger, messaging, module: AppModule });
}

function watchedModel(config: PlannerConfig, logger: Logger): Model {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl, OPENAI_MODEL: model } = config;
  const ask = connectModel({ apiKey, baseUrl, model, maxRetries: RETRIES });
  return async (request) => {
    const outcome = await ask(request);
    modelSeconds.observe({ outcome: outcome.tag }, outcome.durationMs / 1000);
    if (outcome.tag === 'failed') {
      logger.warn({ error: outcome.error, attempts: outcome.attempts }, 'the model gave no usable answer');
    }
    return outcome;
  };
}
