import { needs, onlyVersion2, SYSTEMD } from '@coracle/test-support';
import { lifeTests } from './life-tests.ts';

needs.describe(...SYSTEMD, onlyVersion2())('a container of a real systemd', () => lifeTests({ version: 2 }));
