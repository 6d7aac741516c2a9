/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of QEMU's interface for plugins, version 1, that is used here
 *
 * Its packages do not bring a header.
 */
#ifndef IO_QEMU_H
#define IO_QEMU_H

#include <linux/types.h>
#include <stddef.h>

struct qemu_plugin_tb;		/* a straight piece of code, when it is translated */
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;

enum { CB_NO_REGS };
enum { INLINE_ADD_U64 };
enum { MEM_ANY = 3 };		/* reads alone are never told */

typedef void (*tb_cb)(__u64 id, struct qemu_plugin_tb *tb);
typedef void (*exec_cb)(unsigned int cpu, void *data);
typedef void (*mem_cb)(unsigned int cpu, __u32 info, __u64 addr, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(__u64 id, tb_cb cb);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, exec_cb cb,
					    int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op,
						void *counter, __u64 add);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, mem_cb cb, int flags,
				      int which, void *data);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
__u64 qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(__u32 info, __u64 addr);
__u64 qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *at);

/* What QEMU looks for in a plugin. */
extern int qemu_plugin_version;
int qemu_plugin_install(__u64 id, const void *info, int argc, char **argv);

#endif
