//! `postonce machines`: which programs may come in.

use postonce_adapter_host::{Key, KeyKind};
use postonce_domain::{LoginName, Role, Side};
use postonce_ports::account::{Machine, NewMachine};

use crate::args::Machines;
use crate::exit::{Exit, Failure};
use crate::json::MachineJson;
use crate::output::talk;
use crate::table::{Rows, time};
use crate::wiring::{Base, Context};

pub(crate) async fn run(context: &Context<'_>, args: Machines) -> Result<Exit, Failure> {
    let base = Base::open(context).await?;
    match args {
        Machines::List => list(context, &base).await,
        Machines::Add { name, side, role } => add(context, &base, name, (side.side(), role)).await,
        Machines::Revoke { name } => revoke(context, &base, &name).await,
    }
}

async fn list(context: &Context<'_>, base: &Base<'_>) -> Result<Exit, Failure> {
    let machines = base.side.machines.machines().await?;
    if context.output.is_json() {
        let list: Vec<_> = machines.iter().map(MachineJson::new).collect();
        context.output.value(&list);
        return Ok(Exit::Done);
    }
    let mut rows = Rows::new(&["name", "side", "role", "made", "revoked"]);
    for machine in &machines {
        let MachineJson { name, side, role, .. } = MachineJson::new(machine);
        let revoked = machine.revoked_at.map(time).unwrap_or_default();
        rows.add([name, side.to_owned(), role.to_owned(), time(machine.made_at), revoked]);
    }
    let nothing = "No machine may come in; let one by `postonce machines add NAME --side SIDE \
                   --role operator`.";
    context.output.line(&rows.text(nothing));
    Ok(Exit::Done)
}

async fn add(
    context: &Context<'_>,
    base: &Base<'_>,
    name: LoginName,
    (side, role): (Option<Side>, Role),
) -> Result<Exit, Failure> {
    let token = Key::random(KeyKind::Machine).map_err(|error| {
        Failure::new(Exit::Unexpected, format!("there is no randomness: {error}"))
    })?;
    let new = NewMachine { name: name.clone(), side, role, key: token.hash() };
    if !base.side.machines.add_machine(new, base.actor()).await? {
        let why = format!(
            "there is a machine `{name}` already, or was one; take another name, so that the trail \
             tells the two apart"
        );
        return Err(Failure::new(Exit::DataRefused, why));
    }
    if context.output.is_json() {
        let made = known(base, &name).await?;
        context.output.value(&MachineJson::with_token(&made, token.as_str()));
    } else {
        context.output.line(token.as_str());
        context.output.flush();
        talk("This token is not shown again, and nobody can look it up.");
    }
    Ok(Exit::Done)
}

async fn revoke(context: &Context<'_>, base: &Base<'_>, name: &LoginName) -> Result<Exit, Failure> {
    base.side.machines.revoke_machine(name, base.actor()).await?;
    let machine = known(base, name).await?;
    if context.output.is_json() {
        context.output.value(&MachineJson::new(&machine));
    } else {
        context.output.line(&format!("{}: its token lets nobody in any more", machine.name));
    }
    Ok(Exit::Done)
}

async fn known(base: &Base<'_>, name: &LoginName) -> Result<Machine, Failure> {
    let all = base.side.machines.machines().await?;
    if let Some(known) = all.iter().find(|machine| machine.name == *name) {
        return Ok(known.clone());
    }
    let names: Vec<_> = all.iter().map(|machine| machine.name.as_str()).collect();
    let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let why = format!("there is no machine `{name}`; there are: {there}");
    Err(Failure::new(Exit::DataRefused, why))
}
