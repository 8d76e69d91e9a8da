/** A certificate for loopback, made for one run by `openssl`, which Node itself cannot do. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  keyFile: string;
  certFile: string;
  /** PEM of the certificate, which is its own authority. */
  ca: string;
}

/** P-256, valid for two days. @returns `undefined` where there is no `openssl`. */
export function makeCertificate(folder: string): Certificate | undefined {
  const keyFile = join(folder, 'key.pem');
  const certFile = join(folder, 'cert.pem');
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  try {
    execFileSync('openssl', ['req', '-x509', ...key, '-out', certFile, '-days', '2', ...subject], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return { keyFile, certFile, ca: readFileSync(certFile, 'utf8') };
}
