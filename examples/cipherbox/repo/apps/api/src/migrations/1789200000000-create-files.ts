import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

export class CreateFiles1789200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'files',
        columns: [
          { name: 'id', type: 'uuid', isPrimary: true },
          { name: 'drive', type: 'uuid' },
          { name: 'name', type: 'varchar', length: '200' },
          { name: 'size', type: 'integer' },
          { name: 'cid', type: 'varchar', length: '100' },
          { name: 'created_at', type: 'timestamptz', default: 'now()' },
        ],
        indices: [{ name: 'files_drive_created_at', columnNames: ['drive', 'created_at'] }],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('files');
  }
}
