import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('files')
@Index('files_drive_created_at', ['drive', 'createdAt'])
export class StoredFile {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid')
  drive!: string;

  @Column('varchar', { length: 200 })
  name!: string;

  @Column('integer')
  size!: number;

  /** Where IPFS has the encrypted content. */
  @Column('varchar', { length: 100 })
  cid!: string;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  /** What the TEE worker signed the content with; null until it did. */
  @Column('varchar', { length: 64, nullable: true })
  seal!: string | null;

  @Column('timestamptz', { name: 'sealed_at', nullable: true })
  sealedAt!: Date | null;
}
