import 'reflect-metadata';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { createVerifier, VERIFIER } from '@countersign/identity';
import { Messaging } from '@countersign/messaging';
import type { Logger } from 'pino';
import type { BaseConfig } from './config.js';
import { LOGGER, NestLogger } from './logger.js';
import { HealthController, ParkedController } from './operations.controller.js';
import { ProblemFilter } from './problem.js';
import { traceRequests } from './request-spans.js';
import { stopTelemetry } from './telemetry.js';

export interface ServiceOptions {
  name: string;
  config: Pick<BaseConfig, 'HOST' | 'PORT' | (`OIDC_${string}` & keyof BaseConfig)>;
  logger: Logger;
  /** Left out by a service that only answers over HTTP. */
  messaging?: Messaging;
  module: Type | DynamicModule;
  /** false for a service that answers `/v1/parked` itself: the gateway. */
  parkedRoutes?: boolean;
  /** Largest HTTP body taken, in bytes. */
  bodyLimit?: number;
}

export interface RunningService {
  app: NestFastifyApplication;
  url: string;
  stop(): Promise<void>;
}

/** What every service provides to its module: its logger and its messaging. */
@Module({})
class HostModule {
  static of({ logger, messaging, module, config, parkedRoutes = true }: ServiceOptions): DynamicModule {
    const shared = [
      { provide: LOGGER, useValue: logger },
      ...(messaging ? [{ provide: Messaging, useValue: messaging }] : []),
    ];
    return {
      module: HostModule,
      global: true,
      imports: [module],
      controllers: parkedRoutes ? [HealthController, ParkedController] : [HealthController],
      // Its own: not every service lets people in otherwise.
      providers: [...shared, { provide: VERIFIER, useFactory: () => verifierOf(config) }],
      exports: shared,
    };
  }
}

const verifierOf = (config: ServiceOptions['config']) =>
  createVerifier({
    issuer: config.OIDC_ISSUER,
    audience: config.OIDC_AUDIENCE,
    tenantClaim: config.OIDC_TENANT_CLAIM,
    rolesClaim: config.OIDC_ROLES_CLAIM,
  });

/** Node ends a process that does not stop by then. */
const STOP_LIMIT_MS = 2900;

/**
 * Starts a service: HTTP first, so that `/healthz` and `/readyz` answer while engines are waited for, then the messaging.
 * SIGTERM and SIGINT stop it in order within 3 s, its spans sent last; an exception nobody caught ends the process with exit code 1.
 */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const { name, config, logger, messaging } = options;
  const adapter = new FastifyAdapter({
    bodyLimit: options.bodyLimit ?? 1024 * 1024,
    trustProxy: false,
    forceCloseConnections: true,
    // A scope of the control topic is one parameter: the kind, and a name of up to 100 characters.
    routerOptions: { maxParamLength: 300 },
  });
  traceRequests(adapter.getInstance());
  const app = await NestFactory.create<NestFastifyApplication>(HostModule.of(options), adapter, {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  app.useGlobalFilters(new ProblemFilter(logger));
  if (messaging) app.connectMicroservice({ strategy: messaging.transport });
  const stop = once(() => app.close());
  stopOnSignals(name, logger, stop);
  await app.listen({ port: config.PORT, host: config.HOST });
  const url = await app.getUrl();
  logger.info({ url }, `${name} answers`);
  if (messaging) {
    await app.startAllMicroservices();
    logger.info({}, `${name} consumes`);
  }
  return { app, url, stop };
}

function stopOnSignals(name: string, logger: Logger, stop: () => Promise<void>): void {
  const end = (signal: string) => {
    logger.info({ signal }, `${name} stops`);
    setTimeout(() => process.exit(0), STOP_LIMIT_MS).unref();
    stop()
      .then(stopTelemetry)
      .then(
        () => process.exit(0),
        (error: unknown) => {
          logger.error({ err: error }, `${name} did not stop cleanly`);
          process.exit(1);
        },
      );
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
}

function once<T>(run: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= run());
}
