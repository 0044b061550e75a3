import { plain } from '@countersign/contracts';
import type { RunReport } from '../run-report.js';

/** The report on one line. What would steer a terminal, or command a CI service, stands in it as JSON's own escapes. */
export const renderJson = (run: RunReport): string => plain(JSON.stringify(run)).replaceAll('##[', '\\u0023#[');
