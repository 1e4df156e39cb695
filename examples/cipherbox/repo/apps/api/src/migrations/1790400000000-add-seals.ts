import { TableColumn, type MigrationInterface, type QueryRunner } from 'typeorm';

export class AddSeals1790400000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.addColumns('files', [
      new TableColumn({ name: 'seal', type: 'varchar', length: '64', isNullable: true }),
      new TableColumn({ name: 'sealed_at', type: 'timestamptz', isNullable: true }),
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropColumns('files', ['seal', 'sealed_at']);
  }
}
