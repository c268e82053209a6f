#!/usr/bin/env python3
"""The office's agent: dropped files arrive, what is not whole or not right comes back, nothing goes twice."""
import os
import time
import unittest

from agents import Agent, until
from harness import CARE, DAY, VISIT, GatewayTest, actual, cpgw, main, replace_cell, schedule, with_serial


class AgentTest(GatewayTest):
    def agent(self, office, start=True, **settings):
        made = Agent(self.gateway, office, self.folder / f"{self._testMethodName}-{office.number}", **settings)
        self.addCleanup(made.kill)
        return made.start() if start else made

    def returned_folder(self, agent):
        return until("something is returned", lambda: next(iter(agent.returned.glob("2*")), None))

    def test_a_month_goes_there_and_back_and_is_acknowledged(self):
        care, visit = self.agent(CARE), self.agent(VISIT)
        plan, result = schedule(), actual()
        care.drop(plan)
        until("the plan arrives", lambda: visit.arrived() == plan)
        bundle = next(iter(visit.archive.glob("*/受信_*"))).name.split("_")[-1]
        self.assertEqual(self.state(bundle), "fetched")
        visit.import_all()
        until("the import is told", lambda: self.state(bundle) == "imported")
        visit.drop(result)
        until("the actual arrives", lambda: care.arrived() == result)
        until("the outgoing folder is empty", lambda: not os.listdir(care.outgoing))
        job = until("the receipt is kept", lambda: next(iter(care.archive.glob("*/2*")), None))
        self.assertEqual({path.name: path.read_bytes() for path in (job / "原本").iterdir()}, plan)
        for folder in (job / "送付" / "1", next(iter(visit.archive.glob("*/受信_*")))):
            cpgw("verify", folder, "--trusted-key", self.gateway.vkey)
        self.assertTrue((next(iter(visit.archive.glob("*/受信_*"))) / "receipts" / "imported.receipt.txt").exists())
        self.assertEqual(care.stop(), 0)
        self.assertEqual(visit.stop(), 0)
        self.assertNotIn("見本", care.log.read_text().replace(CARE.name, ""))


if __name__ == "__main__":
    main()
