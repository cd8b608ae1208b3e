import { appHosts } from '../../src/apps/fetch/app-hosts.ts';

/** The servers of a test are on this machine. */
export const LOCAL = appHosts([], ['127.0.0.1']);
