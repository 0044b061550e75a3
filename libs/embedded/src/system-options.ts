import type { EventEmitter } from 'node:events';
import type { KafkaRole } from '@countersign/contracts';
import type { KafkaConnection } from './kafka-connection.js';
import type { Via } from './kafka-properties.js';
import type { Service } from './service-catalog.js';
import type { Instance, SupervisorEvent } from './supervisor.js';
import type { PortName } from './system-ports.js';

export interface SystemOptions {
  /** Kept, and taken up again by the next start. Without it the data goes with the system. */
  dataDir?: string;
  /** Free ones where none is named. */
  ports?: Partial<Record<PortName, number>>;
  /** The embedded broker lets in whom it knows, each with a password of its own, to what it is for (docs/kafka-acls.md). */
  secure?: boolean;
  /** A Kafka of the user's own (`host:port,host:port`): none is started. */
  kafkaBrokers?: string;
  /** The owner of a database of the user's own (it needs CREATEROLE and CREATEDB): no PostgreSQL is started. */
  databaseUrl?: string;
  /** All by default. */
  services?: readonly Service[];
  /** How many brokers the embedded Kafka has; one by default. Of three, one may be lost: `kafka-1` to `kafka-3` in `instances()`. */
  brokers?: number;
  /** How many of each run; one by default. */
  instances?: Partial<Record<Service, number>>;
  /** Packages, or folders of packages, of `COUNTERSIGN_WORKFLOWS`. */
  workflows?: readonly string[];
  topicPrefix?: string;
  /** On by default, with `stages`: what passes its cases is released. Off: what was never released may only read. */
  releases?: boolean;
  /** On by default: a workflow that nobody set a stage for is let commit within its limits. Off: it may only read. */
  stages?: boolean;
  /** Said to every service. */
  env?: Record<string, string>;
  /** Said to one instance, after that. */
  instanceEnv?: (service: Service, number: number) => Record<string, string>;
  /** Another checkout, built, whose services run until they are started again: an upgrade from there to here. */
  servicesFrom?: string;
  /** For Node, before the program: `--import` of a hook in one process. */
  nodeFlags?: (service: Service, number: number) => string[];
  /**
   * Services are told `proxy` where these are; what answers at `target` is the thing itself, so that whoever asks may put something
   * in between. Of embedded engines. Everybody but services goes straight (`urls`), and so does helpdesk to its database.
   */
  via?: Partial<Record<'kafka' | 'postgres' | 'helpdesk', Via>>;
  /** Where embedded engines keep their data, instead of in the data folder: on a disk of their own. */
  engineDirs?: Partial<Record<'kafka' | 'postgres', string>>;
  /** On by default: data outlives a loss of power. Tests turn it off. */
  fsync?: boolean;
  onProgress?: (progress: Progress) => void;
}

export interface InstanceSettings {
  env: Record<string, string>;
  nodeFlags: string[];
}

export interface Progress {
  step: string;
  /** Since the step began; undefined when it begins. */
  seconds?: number;
  /** What whoever starts the system must know of it, in a line. */
  note?: string;
}

export interface SystemUrls {
  gateway: string;
  helpdesk: string;
  model: string;
  identity: string;
  /** Brokers, `host:port,host:port`. */
  kafka: string;
  /** Of the embedded server's superuser, or the user's own. */
  postgres: string;
}

export interface System {
  urls: SystemUrls;
  dataDir: string;
  topicPrefix: string;
  /** The folder of its broker's users and passwords, if it has users. */
  kafkaUsers?: string;
  /** How a client of a role comes to Kafka, past any proxy. */
  kafkaAs(role: KafkaRole): KafkaConnection;
  /** Every start, readiness, death and restart. */
  events: EventEmitter<{ event: [SupervisorEvent] }>;
  /** Of services and engines: a signal to one of these reaches the program itself. */
  pids(): Record<string, number[]>;
  /** What helpdesk lets a tenant's own staff in with, and the executor. */
  helpdeskToken(tenant: string): string;
  /** What runs, down to the instance. */
  instances(): Instance[];
  /** Ends an instance of a service or an engine and keeps it down until `release`. */
  hold(instance: string, signal?: 'TERM' | 'KILL'): Promise<void>;
  /** Starts what is held and returns when it is ready; a service with these said to it, besides what it was started with first. */
  release(instance: string, more?: Partial<InstanceSettings>): Promise<void>;
  /** What an instance of a service was started with. */
  env(service: Service): Record<string, string>;
  logFile(instance: string): string;
  stop(): Promise<void>;
}
